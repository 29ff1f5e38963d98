// `npm run bench:overhead`: what it costs a whole program to be recorded, by tbuf and by other tools.
// docs/performance-programs.md describes the method.
//
//   npm run bench:overhead                                        every program with every tool
//   npm run bench:overhead -- --programs http,cpu --tools tbuf,cpu-prof
//   npm run bench:overhead -- --rounds 9 --seconds 5 --json FILE
//   npm run bench:overhead -- --node PATH                         another Node
//   npm run bench:overhead -- --quick                             one brief round, to see that it runs
//
// Each round runs a program once with each tool and once without any, in an order that changes; a ratio is of two
// runs of one round.

import { writeFileSync } from "node:fs";
import { readOptions, refuse } from "../scripts/lib/options.mjs";
import { ensureInstalled } from "../scripts/lib/private-packages.mjs";
import { machine } from "./lib/machine.mjs";
import { randomNumbers, shuffled } from "./lib/random.mjs";
import { median, spreadOf } from "./lib/statistics.mjs";
import { columns } from "./lib/table.mjs";
import { programs } from "./overhead/programs.mjs";
import { NONE, tools } from "./overhead/tools.mjs";

const { values: options } = readOptions({
  options: {
    json: { type: "string" },
    node: { type: "string", default: process.execPath },
    programs: { type: "string", default: Object.keys(programs).join(",") },
    quick: { type: "boolean", default: false },
    rounds: { type: "string", default: "7" },
    seconds: { type: "string", default: "3" },
    seed: { type: "string", default: "1" },
    tools: { type: "string", default: Object.keys(tools).join(",") },
  },
});
const rounds = options.quick ? 1 : Number(options.rounds);
const seconds = options.quick ? 0.3 : Number(options.seconds);
const seed = Number(options.seed);
const wanted = { programs: options.programs.split(","), tools: options.tools.split(",") };
const unknown = [
  ...wanted.programs.filter((name) => !Object.hasOwn(programs, name)),
  ...wanted.tools.filter((name) => !Object.hasOwn(tools, name)),
];

if (unknown.length > 0) {
  refuse(
    `not known: ${unknown.join(", ")}; programs are ${Object.keys(programs).join(", ")}, ` +
      `tools ${Object.keys(tools).join(", ")}`,
  );
} else if (!Number.isInteger(rounds) || rounds < 1 || !(seconds > 0) || !Number.isInteger(seed)) {
  refuse("--rounds takes a whole number from 1, --seconds a number above 0, --seed a whole number");
} else {
  ensureInstalled("bench");
  await compare();
}

async function compare() {
  const before = machine();
  const next = randomNumbers(seed);
  const rows = [];
  for (const program of wanted.programs) {
    const results = [];
    for (let round = 0; round < rounds; round++) {
      const result = {};
      for (const tool of shuffled([NONE, ...wanted.tools], next)) {
        result[tool] = await programs[program].run({ node: options.node, tool, seconds });
      }
      results.push(result);
    }
    for (const tool of wanted.tools) rows.push(rowOf(program, tool, results));
  }
  const where = { ...before, loadAfter: machine().load };
  console.log(tableOf(rows, where));
  if (options.json !== undefined) {
    writeFileSync(
      options.json,
      `${JSON.stringify({ machine: where, rounds, seconds, seed, rows }, null, 2)}\n`,
    );
  }
}

/** Each figure of the program's as a ratio to the run without a tool, or as a difference where it says so. */
function rowOf(program, tool, results) {
  const { figures } = programs[program];
  const compared = Object.fromEntries(
    Object.entries(figures).map(([name, { unit, added }]) => {
      const values = results.map((result) =>
        added ? result[tool][name] - result[NONE][name] : result[tool][name] / result[NONE][name],
      );
      return [
        name,
        { unit: added ? unit : "x", median: median(values), ...spreadOf(values), values },
      ];
    }),
  );
  return { program, tool, compared, results };
}

function tableOf(rows, { cpu, cpus, load, loadAfter }) {
  const lines = rows.flatMap(({ program, tool, compared }) =>
    Object.entries(compared).map(([name, { unit, median: middle, min, max }]) => [
      program,
      tool,
      name,
      `${middle.toFixed(3)} ${unit}`,
      `${min.toFixed(3)} .. ${max.toFixed(3)}`,
    ]),
  );
  return [
    `${cpu}, ${cpus} CPUs, load ${load.toFixed(1)} to ${loadAfter.toFixed(1)}`,
    `rounds ${rounds}, ${seconds} s, seed ${seed}`,
    "",
    columns([["program", "tool", "figure", "with / without", "min .. max"], ...lines]),
  ].join("\n");
}
