// A trace says which runtime has written it, also where that one has Node's modules.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import { runtimeProgram } from "../../scripts/lib/runtimes.mjs";
import { checkMetadata } from "../../src/ctf/index.js";
import { itWith } from "../lib/peers.js";
import { freshDir } from "../lib/record.js";
import { root } from "../lib/sources.js";

function expectNamed(runtime: string, program: string, args: readonly string[]): void {
  const dir = join(freshDir(), "trace");
  const entry = (path: string) => JSON.stringify(pathToFileURL(join(root, "dist/src", path)).href);
  const code = `
    import { Hypervisor } from ${entry("index.js")};
    import { CtfWriter } from ${entry("node/index.js")};
    const { clock } = Hypervisor.boot().dom0();
    new CtfWriter({ dir: ${JSON.stringify(dir)}, clock }).finish([]);
    process.exit();`;
  execFileSync(program, [...args, code], { stdio: ["ignore", "pipe", "inherit"], timeout: 20_000 });
  const { env } = checkMetadata(readFileSync(join(dir, "metadata"), "utf8"));
  expect(env.runtime).toBe(runtime);
  expect(env.runtime_version).toMatch(/^\d+\.\d+/);
}

it("node", () => expectNamed("node", process.execPath, ["--input-type=module", "-e"]));

itWith("conformance").each([
  ["bun", ["-e"]],
  ["deno", ["eval"]],
] as const)("%s", (runtime, args) => expectNamed(runtime, runtimeProgram(runtime), args));
