// LTTng-UST doing the same work in C: a tracepoint of two numbers, recorded by a live session whose
// buffers have the size of ours and are emptied by its own daemon.

import { Bench } from "tinybench";
import { clockBatch, clockNsOf } from "../lib/batch-row.mjs";
import { countByBabeltrace } from "../lib/installed.mjs";
import { lttngProgram } from "../lib/lttng-session.mjs";

const BATCHES = 128;
const BATCHES_QUICK = 16;
const sizes = ["--subbuf-size", "64K", "--num-subbuf", "8"];

function lttngUst() {
  const { why, close, run } = lttngProgram("bench.c");
  if (why) return { round: () => ({ skipped: why }) };
  return {
    close,
    async round({ quick }) {
      const bench = new Bench({ time: 50, warmupTime: 50, retainSamples: true, throws: true });
      bench.add("clock", clockBatch, { async: false });
      bench.runSync();
      const batches = String(quick ? BATCHES_QUICK : BATCHES);
      const ran = await run([batches], { sizes, look: countByBabeltrace });
      if (ran.why) return { skipped: ran.why };
      const [done, ns, meanNs] = ran.printed.split(" ").map(Number);
      const { discarded, looked = done - discarded } = ran;
      const ratio = ns / clockNsOf(bench.tasks[0]);
      return { ns, meanNs, ratio, done, recorded: [looked], discarded, recordsPerOp: 1 };
    },
  };
}

export const rows = { "lttng-ust": lttngUst };
