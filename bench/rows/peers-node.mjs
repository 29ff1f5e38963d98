// What programs of Node use instead: as bench/rows/peers.mjs, for what browsers do not have.
// node:trace_events is missing: Node lets no program write an event of its own there.

import diagnosticsChannel from "node:diagnostics_channel";
import pino from "pino";
import { batchRow } from "../lib/batch-row.mjs";
import { VALUES_MASK, values } from "../lib/values.mjs";

const OPS = 8192;
/** For the logger, of which one operation takes microseconds. */
const FEW_OPS = 1024;

/** A channel keeps nothing by itself: its subscriber reads the clock and stores. */
function channel() {
  const bench = diagnosticsChannel.channel("tbuf-bench");
  const log = new Float64Array(OPS * 3);
  let count = 0;
  bench.subscribe(({ a, b }) => {
    const at = (count++ & (OPS - 1)) * 3;
    log[at] = performance.now();
    log[at + 1] = a;
    log[at + 2] = b;
  });
  const batch = () => {
    for (let i = 0; i < OPS; i++) {
      if (bench.hasSubscribers) bench.publish({ a: i, b: values[i & VALUES_MASK] });
    }
  };
  return batchRow({ ops: OPS, batch, account: () => ({ recorded: [count], discarded: 0 }) });
}

/** Synchronous, with a buffer: the fastest that pino documents which needs no event loop. */
function pinoLogger() {
  const file = pino.destination({ dest: "/dev/null", sync: true, minLength: 4096 });
  // /dev/null cannot be read back, so lines are counted on their way to it.
  let lines = 0;
  const counted = {
    write(line) {
      lines++;
      file.write(line);
    },
  };
  const logger = pino({ base: undefined }, counted);
  const batch = () => {
    for (let i = 0; i < FEW_OPS; i++) logger.info({ a: i, b: values[i & VALUES_MASK] });
  };
  return batchRow({
    ops: FEW_OPS,
    batch,
    drain: () => file.flushSync(),
    account: () => ({ recorded: [lines], discarded: 0 }),
  });
}

export const rows = { diagnostics_channel: channel, pino: pinoLogger };
