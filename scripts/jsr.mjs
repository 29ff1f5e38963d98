#!/usr/bin/env node

// Lays out in build/jsr what JSR is given: the sources that package.json's exports reach, with the
// imports and types that Deno wants, and the hypervisor as the build has generated it. Needs a build.
//
//   npm run jsr            and a dry run of publishing it, by the Deno of `conformance`
//   npm run jsr -- --lay-out-only
//
// JSR takes sources, to make documentation and declarations of them. It has no command line: that is
// for Node. Whoever publishes gives the scope its name.

import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { ensureInstalled } from "./lib/private-packages.mjs";
import { runtimeProgram } from "./lib/runtimes.mjs";
import { root } from "./lib/step.mjs";

const NAME = "@tbuf/tbuf";
const out = join(root, "build/jsr");

const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** Source of a module that package.json exports as it was built. */
const sourceOf = ({ default: path }) => path.replace("./dist/", "./").replace(/\.js$/, ".ts");

const modules = Object.entries(manifest.exports).filter(([, target]) => target.default);
const exports = Object.fromEntries(modules.map(([key, target]) => [key, sourceOf(target)]));

rmSync(out, { recursive: true, force: true });
const copied = new Set();
for (const path of Object.values(exports)) copy(join(root, path));
for (const name of ["README.md", "LICENSE", "CHANGELOG.md"]) {
  copyFileSync(join(root, name), join(out, name));
}
const { version, license } = manifest;
const config = { name: NAME, version, license, exports };
writeFileSync(join(out, "jsr.json"), `${JSON.stringify(config, undefined, 2)}\n`);
console.log(`${copied.size} modules in ${relative(process.cwd(), out)}`);

if (!process.argv.includes("--lay-out-only")) {
  ensureInstalled("conformance");
  const args = ["publish", "--dry-run", "--allow-dirty"];
  const { status } = spawnSync(runtimeProgram("deno"), args, { cwd: out, stdio: "inherit" });
  process.exitCode = status ?? 1;
}

/** Copies a module, and all that it imports. */
function copy(path) {
  if (copied.has(path)) return;
  copied.add(path);
  const text = readFileSync(path, "utf8")
    .replace(/(from "\.{1,2}\/[^"]*)\.js"/g, '$1.ts"')
    // AssemblyScript's name of the type, which Deno does not know.
    .replace(/^(export const \w+): u32 =/gm, "$1: number =");
  const target = join(out, relative(root, path));
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text);
  for (const [, to] of text.matchAll(/from "(\.{1,2}\/[^"]*)"/g)) copy(join(dirname(path), to));
}
