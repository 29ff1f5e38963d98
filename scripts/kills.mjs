#!/usr/bin/env node
// Kills threads before random accesses to the shared memory, and checks that nothing is left behind:
// tests-host/hypervisor/kills.test.ts, for longer than `npm test` has time for. Builds when something changed.
//
//   npm run kills -- [--kills 10000] [--seed N]
//
// What it finds is printed with a seed. `--kills 1 --seed N` with that one does the same again.

import { spawnSync } from "node:child_process";
import { readOptions } from "./lib/options.mjs";
import { root } from "./lib/step.mjs";

const { values } = readOptions({
  options: { kills: { type: "string", default: "10000" }, seed: { type: "string" } },
});
for (const [name, value] of Object.entries(values)) {
  if (/^\d{1,9}$/.test(value)) continue;
  console.error(`--${name}: ${value} is not a whole number below 1000000000`);
  process.exit(2);
}

const env = { ...process.env, TBUF_KILLS: values.kills };
if (values.seed !== undefined) env.TBUF_KILLS_SEED = values.seed;
const test = ["scripts/test.mjs", "--host", "tests-host/hypervisor/kills.test.ts"];
const { status } = spawnSync(process.execPath, test, { cwd: root, env, stdio: "inherit" });
process.exitCode = status ?? 1;
