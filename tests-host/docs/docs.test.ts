// The API reference: every type that a signature names is exported and described, every link leads
// somewhere. `npm run docs:api` writes it.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { root } from "../lib/sources.js";

it("typedoc has nothing to complain about", async () => {
  const typedoc = join(root, "node_modules/typedoc/bin/typedoc");
  const args = [typedoc, "--emit", "none", "--pretty", "false"];
  const complaints = await promisify(execFile)(process.execPath, args, { cwd: root }).then(
    () => "",
    (error: { stdout: string; stderr: string }) => error.stdout + error.stderr,
  );
  expect(complaints).toBe("");
});
