// Each boot in a process of its own: the module is compiled once a process, and programs boot once.

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { median } from "../lib/statistics.mjs";

const BOOTS = 10;
const STEPS = ["boot", "attach", "dom0", "createTrace", "start and record"];
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
        return result;
      });
      const value = median(times.map(({ ms }) => ms));
      const parts = STEPS.map((step, i) => {
        const ms = median(times.map((result) => result.parts[i]));
        return `${step} ${ms.toFixed(2)}`;
      });
      const note = `ms: ${parts.join(", ")}`;
      return {
        ns: value * 1e6,
        value,
        note,
        done,
        recorded: [recorded],
        discarded,
        recordsPerOp: 1,
      };
    },
  };
}

export const rows = { boot };
