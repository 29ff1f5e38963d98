import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests-host/**/*.test.ts"],
    setupFiles: ["tests-host/lib/setup.ts"],
    // Tests start threads of their own; a process a file keeps those of two files apart.
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
