// The work of the rows sustained-* by LTTng-UST, in C: buffers of the same sizes, its own daemon writes
// to files, and nothing is discarded: a thread whose buffer is full blocks until there is room.
//
// The time runs from the first thread's begin to the last change of a file of the trace. That the
// program ends, `lttng stop` is run and waits in steps of its own, is not in it, but for what of that
// lies before the last write.

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { countByBabeltrace } from "../lib/installed.mjs";
import { lttngProgram } from "../lib/lttng-session.mjs";
import { cpuNote, MS, MS_QUICK, SUBBUF_BYTES, SUBBUF_COUNT } from "../lib/sustained-common.mjs";

const sizes = ["--subbuf-size", String(SUBBUF_BYTES), "--num-subbuf", String(SUBBUF_COUNT)];

function sustained(writers) {
  const { why, close, run } = lttngProgram("sustained.c");
  if (why) return { round: () => ({ skipped: why }) };
  return {
    close,
    async round({ quick }) {
      const look = (dir) => ({
        lastWrite: lastWrite(dir),
        // It takes longer than the recording did, so only where that was brief.
        counted: quick ? countByBabeltrace(dir) : undefined,
      });
      const args = [String(writers), String(quick ? MS_QUICK : MS)];
      const ran = await run(args, { sizes, look });
      if (ran.why) return { skipped: ran.why };
      const [done, begin, end, cpuMs] = ran.printed.split(" ").map(Number);
      const { discarded, daemonCpuMs, looked } = ran;
      return {
        note: cpuNote({ writers: cpuMs, consumer: daemonCpuMs }, done),
        value: done / (Math.max(end, looked.lastWrite) - begin) / 1000,
        done,
        recorded: [looked.counted ?? done - discarded],
        discarded,
        recordsPerOp: 1,
      };
    },
  };
}

/** When the last byte of a file in the directory was written: milliseconds since the epoch. */
function lastWrite(dir) {
  const entries = readdirSync(dir, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile());
  return Math.max(...files.map(({ path, name }) => statSync(join(path, name)).mtimeMs));
}

export const rows = {
  "sustained-1-lttng": () => sustained(1),
  "sustained-2-lttng": () => sustained(2),
};
