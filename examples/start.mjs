// `npm start`: records the example program, then prints what was recorded and how to look at it.

import { spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const tbuf = here("../dist/src/cli/main.js");
const dir = join(mkdtempSync(join(tmpdir(), "tbuf-")), "trace");

function run(args) {
  const { status, error } = spawnSync(process.execPath, args, { stdio: "inherit" });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

const app = relative(process.cwd(), here("primes/app.mjs"));
console.log(`$ tbuf record --quiet -o ${dir} -- node ${app}`);
run([tbuf, "record", "--quiet", "-o", dir, "--", process.execPath, app]);
console.log(`\n$ tbuf info --events ${dir}`);
run([tbuf, "info", "--events", dir]);
console.log(`
The trace is in ${dir}, in CTF 1.8. What it holds, its records in the order of their times,
and a file for ui.perfetto.dev:

  npx tbuf info ${dir}
  npx tbuf convert ${dir} --to text
  npx tbuf convert ${dir} --to chrome -o trace.json
  babeltrace2 ${dir}          (Debian, Ubuntu: apt install babeltrace2)

Record a program of your own, from this folder:

  npx tbuf record -o my-trace -- node my-app.mjs`);
