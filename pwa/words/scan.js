// English of the Chinese texts (scan).
export const words = {};
