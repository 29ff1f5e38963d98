#!/usr/bin/env node
// `npm run test:everywhere`: the suite in every runtime, and a matrix of what came of it.
//
//   npm run test:everywhere                            all runtimes
//   npm run test:everywhere -- --only node22,chromium  these
//   npm run test:everywhere -- --check "virq: "        checks whose names contain this
//   npm run test:everywhere -- --markdown              the matrix as the documents have it
//
// Its first use installs the runtimes that are packages. A browser that is not installed is skipped, and
// said so; with TBUF_REQUIRE_PEERS=1 it is a failure.

import { spawnSync } from "node:child_process";
import { readOptions } from "../scripts/lib/options.mjs";
import { ensureInstalled } from "../scripts/lib/private-packages.mjs";
import { root } from "../scripts/lib/step.mjs";
import { hasBabeltrace, readTrace } from "./lib/babeltrace.mjs";
import { runSuite } from "./lib/child.mjs";
import { costTable, matrix } from "./lib/matrix.mjs";
import { runtimes } from "./lib/runtimes.mjs";

process.chdir(root);
const { values } = readOptions({
  options: {
    only: { type: "string" },
    check: { type: "string", default: "" },
    markdown: { type: "boolean", default: false },
  },
});
const required = process.env.TBUF_REQUIRE_PEERS === "1";
ensureInstalled("conformance");
const chosen = choose(values.only);
let failures = 0;

const build = ["scripts/build.mjs", "--if-stale"];
if (spawnSync(process.execPath, build, { stdio: "inherit" }).status !== 0) process.exit(1);
const rows = [];
for (const runtime of chosen) rows.push(await run(runtime));
if (!hasBabeltrace()) missing("babeltrace2", "is not on PATH: no trace was read");

console.log(`\n${matrix(rows, values.markdown)}`);
if (values.markdown) console.log(`\n${costTable(rows)}`);
process.exitCode = failures > 0 ? 1 : 0;
console.log(failures > 0 ? `\neverywhere: ${failures} failures` : "\neverywhere: all is well");

function choose(only) {
  const all = runtimes();
  if (only === undefined) return all;
  const names = only.split(",");
  const unknown = names.filter((name) => !all.some((each) => each.name === name));
  if (unknown.length > 0) {
    console.error(`no runtime ${unknown.join()}; known are ${all.map(({ name }) => name).join()}`);
    process.exit(1);
  }
  return all.filter(({ name }) => names.includes(name));
}

function missing(name, why) {
  console.log(`${required ? "FAILED" : "skipped"}: ${name} ${why}`);
  if (required) failures++;
}

/** Runs the suite in one runtime, and says what failed. */
async function run({ name, command, missing: why }) {
  if (why) {
    missing(name, why);
    return { name, version: why, skipped: true };
  }
  const begin = performance.now();
  const { version, checks, trace, facts, problems } = await runSuite([...command, values.check]);
  const count = (status) => checks.filter((check) => check.status === status);
  const failed = count("failed");
  if (trace && hasBabeltrace()) {
    const wrong = readTrace(trace);
    if (wrong) problems.push(`babeltrace2: ${wrong}`);
  } else if (!trace && values.check === "") problems.push("no trace was written");
  if (checks.length === 0)
    problems.push(`no check's name contains ${JSON.stringify(values.check)}`);
  for (const check of failed) console.log(`${name}: FAILED ${check.name}\n${check.error}`);
  for (const problem of problems) console.log(`${name}: FAILED ${problem}`);
  failures += failed.length + problems.length;
  const row = {
    name,
    version,
    passed: count("passed").length,
    failed: failed.length + problems.length,
    notApplicable: count("na"),
    ms: Math.round(performance.now() - begin),
    facts,
  };
  const { passed, ms } = row;
  console.log(`${name} ${version}: ${passed} passed, ${row.failed} failed, ${ms} ms`);
  return row;
}
