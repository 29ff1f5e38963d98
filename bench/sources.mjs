// `npm run bench:sources`: what sources of events cost a program, inside one process: they are switched on and off
// by turns while it runs, so nothing else differs. docs/sources.md explains the figures.
//
//   npm run bench:sources                            all that are on by default, an http server at saturation
//   npm run bench:sources -- loop timers             only these; each phase with them follows one without
//   npm run bench:sources -- --program timers        another program: http, cpu, timers, immediates, messages
//   npm run bench:sources -- --each                  one after the other, and then all of them together
//   npm run bench:sources -- --rounds 21 --ms 400    more pairs of phases, and how long a phase takes
//   npm run bench:sources -- --json
//
// The records are read by dom0 in a thread of its own, as `tbuf record` does, and thrown away.

import { Worker } from "node:worker_threads";
import { Hypervisor } from "tbuf";
import { attachThread } from "tbuf/node";
import { observeThread, sources } from "../dist/src/node/sources/index.js";
import { readOptions } from "../scripts/lib/options.mjs";
import { ensureInstalled } from "../scripts/lib/private-packages.mjs";
import { cpuMsOfThreads } from "./lib/cpu-time.mjs";
import { median } from "./lib/statistics.mjs";
import { columns } from "./lib/table.mjs";
import { programs } from "./sources/programs.mjs";

const { values: options, positionals } = readOptions({
  allowPositionals: true,
  options: {
    each: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    ms: { type: "string", default: "300" },
    program: { type: "string", default: "http" },
    rounds: { type: "string", default: "15" },
  },
});
const rounds = Number(options.rounds);
const phaseMs = Number(options.ms);
const makeProgram = programs[options.program];
const defaults = sources.filter(({ byDefault }) => byDefault).map(({ name }) => name);
const names = positionals.length > 0 ? positionals : defaults;
const unknown = names.filter((name) => !sources.some((source) => source.name === name));

if (makeProgram === undefined || unknown.length > 0 || !(rounds >= 1) || !(phaseMs > 0)) {
  console.error(
    `programs: ${Object.keys(programs).join(", ")}; sources: ${sources.map(({ name }) => name).join(", ")}`,
  );
  process.exitCode = 2;
} else {
  ensureInstalled("bench");
  await main();
}

async function main() {
  const hypervisor = Hypervisor.boot();
  const reader = new Worker(new URL("sources/reader.mjs", import.meta.url), {
    workerData: hypervisor.handle(),
  });
  const next = () => new Promise((resolve) => reader.once("message", resolve));
  await next();
  attachThread(hypervisor);
  const program = await makeProgram();
  const sets = options.each && names.length > 1 ? [...names.map((name) => [name]), names] : [names];
  // What V8 learns at first is no source's cost.
  for (let i = 0; i < 4; i++) await phase(program, hypervisor, i % 2 ? names : undefined);
  const results = sets.map((only) => ({ sources: only.join(" "), pairs: [] }));
  for (let round = 0; round < rounds; round++) {
    for (const [i, only] of sets.entries()) {
      const order = round % 2 === 0 ? [undefined, only] : [only, undefined];
      const pair = [];
      for (const which of order) pair.push(await phase(program, hypervisor, which));
      if (round % 2 === 1) pair.reverse();
      results[i].pairs.push(pair);
    }
  }
  await program.close();
  reader.postMessage("stop");
  const read = await next();
  hypervisor.close();
  report(results, read);
}

/** Runs the program for a while. @returns microseconds of CPU time of this thread, and of time, for one operation */
async function phase(program, hypervisor, only) {
  const installed = only && observeThread(hypervisor, { only });
  await program.run(phaseMs / 10);
  const cpu = cpuMs();
  const start = performance.now();
  const operations = await program.run(phaseMs);
  const result = {
    cpuUs: ((cpuMs() - cpu) * 1000) / operations,
    us: ((performance.now() - start) * 1000) / operations,
  };
  installed?.dispose();
  return result;
}

/** CPU time of this thread; where nobody tells it, that of the process. */
function cpuMs() {
  const { user, system } = process.cpuUsage();
  return cpuMsOfThreads().get(process.pid) ?? (user + system) / 1000;
}

function report(results, { records, discarded }) {
  const rows = results.map(({ sources: which, pairs }) => {
    const of = (figure, i) => median(pairs.map((pair) => pair[i][figure]));
    // Throughput with against without: 1 is free.
    const ratios = pairs.map(([off, on]) => off.cpuUs / on.cpuUs).sort((a, b) => a - b);
    return {
      sources: which,
      offUs: of("cpuUs", 0),
      onUs: of("cpuUs", 1),
      ratio: median(ratios),
      low: ratios[Math.floor(ratios.length / 4)],
      high: ratios[Math.ceil((ratios.length * 3) / 4) - 1],
      elapsedRatio: median(pairs.map(([off, on]) => off.us / on.us)),
    };
  });
  const result = {
    program: options.program,
    rounds,
    node: process.version,
    records,
    discarded,
    rows,
  };
  if (options.json) {
    console.log(JSON.stringify(result, undefined, 2));
    return;
  }
  const lines = rows.map((row) => [
    row.sources,
    row.offUs.toFixed(2),
    row.onUs.toFixed(2),
    row.ratio.toFixed(3),
    `${row.low.toFixed(3)} .. ${row.high.toFixed(3)}`,
    row.elapsedRatio.toFixed(3),
  ]);
  const head = ["sources", "CPU us off", "CPU us on", "off/on", "quartiles", "by the clock"];
  console.log(`${options.program}, Node ${process.version}, ${rounds} pairs of ${phaseMs} ms`);
  console.log(`${records} records read, ${discarded} lost\n`);
  console.log(columns([head, ...lines]));
}
