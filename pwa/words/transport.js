// English of the Chinese texts (transport).
export const words = {};
