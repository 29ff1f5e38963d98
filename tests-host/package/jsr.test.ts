// What JSR would be given passes its checks: types that need no inference, and imports that Deno finds.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "vitest";
import { itWith } from "../lib/peers.js";
import { root } from "../lib/sources.js";

itWith("conformance")("publishing to JSR would succeed", async () => {
  const script = join(root, "scripts/jsr.mjs");
  const { stderr } = await promisify(execFile)(process.execPath, [script], {
    env: { ...process.env, NO_COLOR: "1" },
  });
  expect(stderr).toContain("Success Dry run complete");
  expect(stderr).not.toMatch(/warning/i);
});
