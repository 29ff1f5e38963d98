// What programs use instead: each keeps two numbers and a time, as cheaply as its documentation
// offers. node:trace_events is missing: Node lets no program write an event of its own there.

import diagnosticsChannel from "node:diagnostics_channel";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import pino from "pino";
import { RingBuffer } from "ringbuf.js";
import { batchRow } from "../lib/batch-row.mjs";
import { VALUES_MASK, values } from "../lib/values.mjs";

const OPS = 8192;
/** For the peers of which one operation takes microseconds. */
const FEW_OPS = 1024;

function ringbuf() {
  const capacity = OPS * 3;
  const storage = RingBuffer.getStorageForCapacity(capacity, Float64Array);
  const ring = new RingBuffer(storage, Float64Array);
  const record = new Float64Array(3);
  const taken = new Float64Array(capacity);
  let recorded = 0;
  let discarded = 0;
  const batch = () => {
    for (let i = 0; i < OPS; i++) {
      record[0] = performance.now();
      record[1] = i;
      record[2] = values[i & VALUES_MASK];
      if (ring.push(record) !== 3) discarded++;
    }
  };
  const drain = () => {
    recorded += ring.pop(taken) / 3;
  };
  return batchRow({
    ops: OPS,
    batch,
    drain,
    account: () => ({ recorded: [recorded], discarded }),
  });
}

/** An array as a ring: the newest `OPS` records stay. */
function objectArray() {
  const log = new Array(OPS).fill(undefined);
  let count = 0;
  const batch = () => {
    for (let i = 0; i < OPS; i++) {
      log[count++ & (OPS - 1)] = { t: performance.now(), a: i, b: values[i & VALUES_MASK] };
    }
  };
  const account = () => {
    const kept = log.filter((record) => record?.t > 0).length;
    return { recorded: [kept === OPS ? count : kept], discarded: 0 };
  };
  return batchRow({ ops: OPS, batch, account });
}

function performanceMark() {
  let recorded = 0;
  const batch = () => {
    for (let i = 0; i < FEW_OPS; i++) {
      performance.mark("bench", { detail: { a: i, b: values[i & VALUES_MASK] } });
    }
  };
  const drain = () => {
    recorded += performance.getEntriesByName("bench", "mark").length;
    performance.clearMarks("bench");
  };
  return batchRow({
    ops: FEW_OPS,
    batch,
    drain,
    account: () => ({ recorded: [recorded], discarded: 0 }),
  });
}

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

function otelSpan() {
  let ended = 0;
  const counter = {
    onStart() {},
    onEnd() {
      ended++;
    },
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
  const tracer = new BasicTracerProvider({ spanProcessors: [counter] }).getTracer("bench");
  const batch = () => {
    for (let i = 0; i < FEW_OPS; i++) {
      tracer.startSpan("bench", { attributes: { a: i, b: values[i & VALUES_MASK] } }).end();
    }
  };
  return batchRow({
    ops: FEW_OPS,
    batch,
    account: () => ({ recorded: [ended], discarded: 0 }),
  });
}

export const rows = {
  "ringbuf.js": ringbuf,
  "object-array": objectArray,
  "performance.mark": performanceMark,
  diagnostics_channel: channel,
  pino: pinoLogger,
  "otel-span": otelSpan,
};
