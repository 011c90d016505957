// English of the Chinese texts (doors).
export const words = {};
