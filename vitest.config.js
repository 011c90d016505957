// Unit tests of the field app: node, with an IndexedDB in memory where a test asks for it.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/pwa/**/*.test.js"],
    environment: "node",
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // a process and a fresh set of modules for each file would be half of the time
    pool: "threads",
    isolate: false,
  },
});
