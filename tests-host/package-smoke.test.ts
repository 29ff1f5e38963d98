// The examples that the package ships, run where a user would: after `npm install` of the tarball.

import { execFile, execFileSync } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { root } from "./guard-sources.js";
import { Project } from "./lib/packed.js";

it("installs, and runs in Node, Deno and Bun", async () => {
  const script = join(root, "scripts/smoke-pack.mjs");
  const { stdout } = await promisify(execFile)(process.execPath, [script]);
  console.log(stdout);
  const steps = stdout
    .trim()
    .split("\n")
    .map((line) => line.split(/ {2,}/, 1)[0]);
  const programs = ["node", "deno", "bun", "deno check", "record", "guest"];
  expect(steps).toEqual(["pack", "install", ...programs]);
}, 120_000);

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
