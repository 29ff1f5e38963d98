#!/usr/bin/env node
// What a user does first, with what would be published: packs the package, installs it into an empty
// project, and there runs the examples it ships, records a program, and compiles a guest. Needs a build.
// What npm has in its cache is not fetched again.
//
//   npm run smoke:pack                   in Node, Deno and Bun
//   npm run smoke:pack -- --in node      in this Node only: Deno and Bun come with `conformance`

import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { readOptions } from "./lib/options.mjs";
import { ensureInstalled } from "./lib/private-packages.mjs";
import { runtimeProgram } from "./lib/runtimes.mjs";
import { root, StepError, step } from "./lib/step.mjs";

const { values } = readOptions({ options: { in: { type: "string", default: "node,deno,bun" } } });
const chosen = values.in.split(",");
const unknown = chosen.filter((name) => !["node", "deno", "bun"].includes(name));
if (unknown.length > 0) {
  console.error(`--in ${values.in}: no runtime ${unknown.join(", ")}; there are node, deno, bun`);
  process.exit(2);
}
if (chosen.includes("deno") || chosen.includes("bun")) ensureInstalled("conformance");

const project = mkdtempSync(join(tmpdir(), "tbuf-smoke-"));
const at = (...path) => join(project, ...path);

// Without the repository's commands, which a user's project does not have. And without the variables that
// a surrounding `npm run` sets, which would tell the inner one of this package's configuration.
const PATH = (process.env.PATH ?? "")
  .split(delimiter)
  .filter((folder) => !folder.endsWith(join("node_modules", ".bin")))
  .join(delimiter);
const inherited = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name));
const env = { ...Object.fromEntries(inherited), PATH, NO_COLOR: "1" };

// At exit, since a step that fails ends the process.
process.on("exit", () => rmSync(project, { recursive: true, force: true }));

let tarball = "";
await step("pack", () => {
  const options = ["--json", "--ignore-scripts", "--pack-destination", project];
  const [report] = Object.values(JSON.parse(run(root, "npm", ["pack", ...options])));
  tarball = report.filename;
  return `${report.entryCount} files, ${report.size} bytes, ${report.unpackedSize} unpacked`;
});
await step("install", () => {
  const manifest = { name: "smoke", version: "1.0.0", type: "module", private: true };
  writeFileSync(at("package.json"), JSON.stringify(manifest));
  // Foreground: what a script of the package would print is seen.
  const options = ["--prefer-offline", "--no-audit", "--no-fund", "--foreground-scripts"];
  const { stdout, stderr } = spawn(project, "npm", ["install", ...options, `./${tarball}`]);
  if (/> tbuf@/.test(stdout)) throw new StepError(`a script ran:\n${stdout}`);
  if (/npm warn/i.test(stderr)) throw new StepError(`npm warned:\n${stderr}`);
  const lock = JSON.parse(readFileSync(at("package-lock.json"), "utf8"));
  const names = Object.keys(lock.packages).filter((name) => name !== "");
  expect(names.join(), "node_modules/commander,node_modules/tbuf");
  cpSync(at("node_modules/tbuf/examples"), at("examples"), { recursive: true });
  return names.join(", ");
});
const examples = {
  node: [process.execPath, ["examples/node/main.mjs", "node"]],
  deno: [
    runtimeProgram("deno"),
    ["run", "--allow-read=.", "--allow-write=.", "--allow-sys=hostname"].concat(
      "examples/deno/main.ts",
      "deno",
    ),
  ],
  bun: [runtimeProgram("bun"), ["examples/bun/main.ts", "bun"]],
};
for (const name of chosen) {
  const [command, args] = examples[name];
  await step(name, () => {
    expect(run(project, command, args), `4000 records in ${name}\n`);
    expect(/pool:job +(\d+)/.exec(info(name))?.[1], "4000");
  });
}
if (chosen.includes("deno")) {
  await step("deno check", () => {
    const files = ["examples/deno/main.ts", "examples/deno/worker.ts"];
    run(project, runtimeProgram("deno"), ["check", ...files]);
  });
}
if (chosen.includes("node")) {
  await step("record", () => {
    const app = ["--", "node", "examples/library/app.mjs"];
    expect(run(project, "npx", ["tbuf", "record", "-o", "recorded", ...app]), "4 orders\n");
    expect(/shop:order +(\d+)/.exec(info("recorded"))?.[1], "4");
  });
  await step("guest", () => {
    const asc = createRequire(join(root, "package.json")).resolve("assemblyscript/bin/asc.js");
    const example = readFileSync(at("examples/guest/collatz.ts"), "utf8");
    writeFileSync(at("guest.ts"), example.replace('"../../guest/index"', '"tbuf/guest"'));
    const options = ["--runtime", "stub", "-O3", "--outFile", "guest.wasm"];
    run(project, process.execPath, [asc, "guest.ts", ...options]);
    const guest = ["examples/guest/run.mjs", "guest", "guest.wasm"];
    const printed = run(project, process.execPath, guest);
    expect(printed, "collatz(27) took 111 steps: 112 records in guest\n");
    return `${readFileSync(at("guest.wasm")).length} bytes of Wasm`;
  });
}

function info(dir) {
  return run(project, "npx", ["tbuf", "info", "--events", dir]);
}

/** What a command prints on stdout; throws as `spawn`. */
function run(cwd, command, args) {
  return spawn(cwd, command, args).stdout;
}

/** What a command prints; throws StepError with all of it when it fails. */
function spawn(cwd, command, args) {
  const done = spawnSync(command, args, {
    cwd,
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (done.status === 0) return done;
  const how = done.error?.message ?? done.signal ?? `exit code ${done.status}`;
  throw new StepError(`${done.stdout}${done.stderr}${command} ${args.join(" ")}: ${how}`);
}

function expect(actual, expected) {
  if (actual === expected) return;
  throw new StepError(`${JSON.stringify(actual)} is not ${JSON.stringify(expected)}`);
}
