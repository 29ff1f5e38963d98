// In a process of its own with --expose-gc, so that everything that can go has gone.

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const RECORDS = 10_000_000;
const RECORDS_QUICK = 1_000_000;
const once = fileURLToPath(new URL("../lib/heap-once.mjs", import.meta.url));

function heap() {
  return {
    round({ quick }) {
      const args = ["--expose-gc", once, String(quick ? RECORDS_QUICK : RECORDS)];
      const printed = execFileSync(process.execPath, args, { encoding: "utf8" });
      const { kept, garbage, done, recorded, discarded } = JSON.parse(printed);
      return { value: kept, garbage, done, recorded: [recorded], discarded, recordsPerOp: 1 };
    },
  };
}

export const rows = { heap };
