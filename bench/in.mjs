// `npm run bench:deno` and `npm run bench:bun`: the bench in the Deno or Bun of `conformance`, with the
// options of `npm run bench`.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { ensureInstalled } from "../scripts/lib/private-packages.mjs";
import { runtimeProgram } from "../scripts/lib/runtimes.mjs";

const OPTIONS = { bun: [], deno: ["run", "-A"] };

const [name = "", ...options] = process.argv.slice(2);
if (!(name in OPTIONS)) {
  console.error(`no such runtime: ${name}; there are ${Object.keys(OPTIONS).join(", ")}`);
  process.exit(2);
}
ensureInstalled("conformance");
const bench = fileURLToPath(new URL("main.mjs", import.meta.url));
const args = [...OPTIONS[name], bench, ...options];
const { status, error } = spawnSync(runtimeProgram(name), args, { stdio: "inherit" });
if (error) throw error;
process.exitCode = status ?? 1;
