// `npm run bench:plots`: draws the figures of docs/plots.
//
//   npm run bench:plots                        draws them anew from docs/plots/data
//   npm run bench:plots -- RESULT.json...      takes these results in first, one a runtime: what
//                                              `--json` of `npm run bench` and `bench:browser` wrote
//   npm run bench:plots -- --out DIR           draws into another folder

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readOptions } from "../scripts/lib/options.mjs";
import { ensureInstalled } from "../scripts/lib/private-packages.mjs";
import { plotsOf } from "./plots/plots.mjs";

const plots = fileURLToPath(new URL("../docs/plots", import.meta.url));
const data = join(plots, "data");

const { values: options, positionals } = readOptions({
  allowPositionals: true,
  options: { out: { type: "string", default: plots } },
});

ensureInstalled("bench");
const { svgOf } = await import("./plots/svg.mjs");

const read = (path) => JSON.parse(readFileSync(path, "utf8"));

/** What a plot needs of a result, and what a reader needs to judge it. */
function summaryOf({ machine, runtime, rows }) {
  const figures = rows.map(({ id, nsPerOp, ratio, of, spread, unit }) => {
    return { id, nsPerOp, ratio, of, spread, unit };
  });
  return { machine, runtime, rows: figures };
}

mkdirSync(data, { recursive: true });
for (const path of positionals) {
  const summary = summaryOf(read(path));
  const name = `${summary.runtime.name.toLowerCase()}.json`;
  writeFileSync(join(data, name), `${JSON.stringify(summary, undefined, 2)}\n`);
}

const names = readdirSync(data).sort();
const results = names.map((name) => read(join(data, name)));
mkdirSync(options.out, { recursive: true });
for (const [name, spec] of Object.entries(plotsOf(results))) {
  writeFileSync(join(options.out, `${name}.svg`), `${await svgOf(spec)}\n`);
}
