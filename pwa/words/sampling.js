// English of the Chinese texts (sampling).
export const words = {};
