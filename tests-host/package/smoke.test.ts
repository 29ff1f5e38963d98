// The examples that the package ships, run where a user would: after `npm install` of the tarball.

import { execFile, execFileSync } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { Project } from "../lib/packed.js";
import { itWith } from "../lib/peers.js";
import { root } from "../lib/sources.js";

/** The steps that passed, in these runtimes. */
async function smoke(runtimes: string): Promise<(string | undefined)[]> {
  const script = join(root, "scripts/smoke-pack.mjs");
  const { stdout } = await promisify(execFile)(process.execPath, [script, "--in", runtimes]);
  console.log(stdout);
  const lines = stdout.trim().split("\n");
  return lines.map((line) => line.split(/ {2,}/, 1)[0]);
}

it("installs without a warning, and runs in Node", async () => {
  expect(await smoke("node")).toEqual(["pack", "install", "node", "record", "guest"]);
}, 120_000);

itWith("conformance")(
  "installs, and runs in Deno and Bun",
  async () => {
    expect(await smoke("deno,bun")).toEqual(["pack", "install", "deno", "bun", "deno check"]);
  },
  120_000,
);

it("a library that offers events works where there is no tbuf", () => {
  const project = new Project();
  project.copy("examples/library");
  const printed = execFileSync(process.execPath, ["app.mjs"], {
    cwd: project.dir,
    encoding: "utf8",
  });
  expect(printed).toBe("4 orders\n");
  project.remove();
});
