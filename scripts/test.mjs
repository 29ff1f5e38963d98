#!/usr/bin/env node
// What `npm test` runs: the build when it is stale, as-pect over tests-wasm, vitest over
// tests-host; then one last line that sums up both.
//
//   npm test                           everything
//   npm test -- --wasm [name]          as-pect only; spec files whose name contains `name`
//   npm test -- --host [vitest args]   vitest only
//
// TBUF_REQUIRE_PEERS=1 makes a skipped test a failure, so that CI cannot pass by lacking a peer.

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { skippedLines } from "./lib/skipped.mjs";
import { root } from "./lib/step.mjs";

const minutes = 60_000;

process.chdir(root);
const args = process.argv.slice(2);
const only = ["--wasm", "--host"].filter((flag) => args.includes(flag));
const rest = args.filter((arg) => !only.includes(arg));
const runWasm = only.length !== 1 || only[0] === "--wasm";
const runHost = only.length !== 1 || only[0] === "--host";

const total = { passed: 0, failed: 0, skipped: [] };

if (build()) {
  if (runWasm) add("as-pect", await runAspect(runHost ? "" : (rest[0] ?? "")));
  if (runHost) add("vitest", await runVitest(rest));
} else {
  total.failed++;
}
report();

function build() {
  const args = ["scripts/build.mjs", "--if-stale"];
  return spawnSync(process.execPath, args, { stdio: "inherit" }).status === 0;
}

/** Adds up one runner; one that says it failed, or that ran nothing, has at least one failure. */
function add(runner, { passed, failed, skipped, problem }) {
  total.passed += passed;
  total.failed += failed;
  total.skipped.push(...skipped);
  if (problem !== undefined && failed === 0) {
    console.log(`\n${runner}: ${problem}`);
    total.failed++;
  } else if (passed + failed + skipped.length === 0) {
    console.log(`\n${runner}: no test ran`);
    total.failed++;
  }
}

async function runAspect(name) {
  // Not bin/asp.js: it exits before its pipe is drained, and turns a signal into success.
  const cli = ["--enable-source-maps", "node_modules/@as-pect/cli/lib/test.js"];
  // No reporter is named: as-pect writes those to stderr, and its own choice is the same one.
  const options = ["--config", "as-pect.config.js", "--as-config", "as-pect.asconfig.json"];
  const colour = process.stdout.isTTY ? { FORCE_COLOR: "2" } : {};
  const child = spawn(process.execPath, [...cli, ...options], {
    env: { ...process.env, ...colour, TBUF_SPEC: name },
    stdio: ["ignore", "pipe", "inherit"],
    timeout: 15 * minutes,
  });
  child.stdout.setEncoding("utf8");
  let output = "";
  let shown = 0;
  for await (const chunk of child.stdout) {
    output += chunk;
    // as-pect opens with a drawing; what matters begins after this line.
    const opening = /ASC Version:.*\n/.exec(output);
    if (opening === null) continue;
    shown = Math.max(shown, opening.index + opening[0].length);
    process.stdout.write(output.slice(shown));
    shown = output.length;
  }
  if (shown === 0) process.stdout.write(output);
  const ended = await endOf(child);

  const plain = stripVTControlCharacters(output);
  const summary = [...plain.matchAll(/^\s*\[Tests\]:\s*(\d+)\s*\/\s*(\d+)\s*$/gm)].at(-1);
  const todos = [...plain.matchAll(/ Pass: \d+ \/ \d+ Todo: ([1-9]\d*) /g)];
  const skipped = todos.flatMap((match) => {
    const skipped = { name: "tests-wasm", reason: "a todo of as-pect", waitsFor: [] };
    return new Array(Number(match[1])).fill(skipped);
  });
  if (summary === undefined) {
    return { passed: 0, failed: 0, skipped, problem: `ended without a summary (${ended})` };
  }
  const passed = Number(summary[1]);
  const failed = Number(summary[2]) - passed;
  return { passed, failed, skipped, problem: ended === "exit code 0" ? undefined : ended };
}

async function runVitest(vitestArgs) {
  const folder = mkdtempSync(join(tmpdir(), "tbuf-test-"));
  const counts = join(folder, "counts.json");
  const reporters = ["--reporter=default", "--reporter=./scripts/lib/count-reporter.mjs"];
  try {
    const command = ["node_modules/vitest/vitest.mjs", "run", ...reporters, ...vitestArgs];
    const child = spawn(process.execPath, command, {
      env: { ...process.env, TBUF_COUNTS_FILE: counts },
      stdio: ["ignore", "inherit", "inherit"],
      timeout: 30 * minutes,
    });
    const ended = await endOf(child);
    const problem = ended === "exit code 0" ? undefined : ended;
    try {
      return { ...JSON.parse(readFileSync(counts, "utf8")), problem };
    } catch {
      return { passed: 0, failed: 0, skipped: [], problem: `ended without a report (${ended})` };
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function endOf(child) {
  const say = (code, signal) => (signal === null ? `exit code ${code}` : `signal ${signal}`);
  if (child.exitCode !== null || child.signalCode !== null) {
    return say(child.exitCode, child.signalCode);
  }
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(say(code, signal)));
  });
}

function report() {
  const required = process.env.TBUF_REQUIRE_PEERS === "1";
  if (total.skipped.length > 0) console.log(`\n${skippedLines(total.skipped).join("\n")}`);
  if (required && total.skipped.length > 0) {
    console.log("TBUF_REQUIRE_PEERS=1: each skipped test counts as failed");
    total.failed += total.skipped.length;
    total.skipped = [];
  }
  const skips = total.skipped.length > 0 ? `, ${total.skipped.length} skipped` : "";
  process.exitCode = total.failed > 0 ? 1 : 0;
  console.log(`\n${total.passed} passed, ${total.failed} failed${skips}`);
}
