// What programs use instead, in browsers too: each keeps two numbers and a time, as cheaply as its
// documentation offers.

import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
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
  "otel-span": otelSpan,
};
