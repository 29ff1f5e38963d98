// Reads the trace that a runtime has written with babeltrace2.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findProgram } from "../../scripts/lib/programs.mjs";
import { fromBase64 } from "./base64.mjs";

/** Whether there is a babeltrace2 on this machine. */
export function hasBabeltrace() {
  return findProgram(["babeltrace2"]) !== undefined;
}

/** What is wrong with a trace, by babeltrace2; undefined: nothing. */
export function readTrace({ metadata, streams, counts }) {
  const dir = mkdtempSync(join(tmpdir(), "tbuf-everywhere-"));
  try {
    writeFileSync(join(dir, "metadata"), metadata);
    for (const [cpu, text] of Object.entries(streams)) {
      writeFileSync(join(dir, `xen_${cpu}`), fromBase64(text));
    }
    const { status, stdout, stderr, error } = spawnSync("babeltrace2", [dir], {
      encoding: "utf8",
      env: { ...process.env, LC_ALL: "C.UTF-8" },
      timeout: 60_000,
      maxBuffer: 1 << 28,
    });
    if (error) return String(error);
    if (status !== 0 || stderr !== "") return `exit code ${status}: ${stderr.slice(0, 500)}`;
    return difference(counts, countsOf(stdout));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Records of each event, in what babeltrace2 printed: one a line. */
function countsOf(text) {
  const counts = {};
  for (const line of text.split("\n")) {
    const event = /^\[[^\]]*\] \([^)]*\) ([\w ]+:\w+): \{ cpu_id = /.exec(line)?.[1];
    if (event) counts[event] = (counts[event] ?? 0) + 1;
  }
  return counts;
}

function difference(expected, actual) {
  const names = new Set([...Object.keys(expected), ...Object.keys(actual)]);
  const unlike = [...names].filter((name) => expected[name] !== actual[name]);
  if (unlike.length === 0) return undefined;
  return unlike.map((name) => `${name}: ${actual[name]}, not ${expected[name]}`).join("; ");
}
