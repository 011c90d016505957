// English of the Chinese texts (store).
export const words = {};
