// Records that are published together, and records without a tracepoint around them.

import { facility, field, u32 } from "tbuf";
import { jsWriter } from "tbuf/js-writer";
import { batchRow } from "../lib/batch-row.mjs";
import { setUp } from "../lib/setup.mjs";
import { VALUES_MASK, values } from "../lib/values.mjs";

const OPS = 8192;
/** Records that are laid out before one `writeMany`. */
const TOGETHER = 512;
const pairFields = [field("a", u32), field("b", u32)];

/** The operation is one record: laying it out, and its share of the call. */
function batch2(attach = {}) {
  const { pair } = facility("bench", { pair: pairFields });
  const { drain, account } = setUp("bench", 1, { attach });
  const words = new Int32Array(TOGETHER * 2);
  const batch = () => {
    for (let i = 0; i < OPS; ) {
      for (let at = 0; at < words.length; at += 2, i++) {
        words[at] = i;
        words[at + 1] = values[i & VALUES_MASK];
      }
      pair.writeMany(words);
    }
  };
  return batchRow({ ops: OPS, batch, drain, account });
}

/** The export below the tracepoint, with a time that was read once for the batch. */
function export2Caller() {
  facility("bench", { pair: pairFields });
  const { cpu, dom0, drain, account } = setUp("bench");
  const { core } = cpu.binding;
  const bench = dom0.facilities().find(({ definition }) => definition.name === "bench");
  const event = bench.firstEvent;
  const batch = () => {
    const time = performance.now();
    for (let i = 0; i < OPS; i++) core.record2(event, time, i, values[i & VALUES_MASK]);
  };
  return batchRow({ ops: OPS, batch, drain, account });
}

export const rows = {
  batch2: () => batch2(),
  "js-batch2": () => batch2({ writer: jsWriter }),
  "export2-caller": export2Caller,
};
