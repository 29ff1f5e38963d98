// Each boot in a process of its own: the module is compiled once a process, and programs boot once.

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { median } from "../lib/statistics.mjs";

const BOOTS = 10;
const once = fileURLToPath(new URL("../lib/boot-once.mjs", import.meta.url));

function boot() {
  let done = 0;
  let recorded = 0;
  let discarded = 0;
  return {
    round() {
      const times = Array.from({ length: BOOTS }, () => {
        const result = JSON.parse(execFileSync(process.execPath, [once], { encoding: "utf8" }));
        done++;
        recorded += result.records;
        discarded += result.discarded;
        return result.ms;
      });
      const value = median(times);
      return { ns: value * 1e6, value, done, recorded: [recorded], discarded, recordsPerOp: 1 };
    },
  };
}

export const rows = { boot };
