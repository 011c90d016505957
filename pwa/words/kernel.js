// English of the Chinese texts of the app's frame, parts, checks, settings and practice.
export const words = {};
