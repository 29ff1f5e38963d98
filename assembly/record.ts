// The exports that write a record. A record goes to each active trace that enables its event: it is
// written once, into the first ring that takes it, and copied to the others; its time is taken once.
//
// `open` and `close` hand the ring and the traces on in two globals. Handed on in variables of each call, what
// a Wasm guest records cost 9 % more (`npm run bench -- --only wasm-guest-record2`).

import { load32 } from "./atomic";
import { cpuAt, quiesce, scratchAt, stamp } from "./cpu";
import {
  CPU_RECORD_AT,
  CPU_RINGS_AT,
  CPU_TS_AT,
  ENABLED_AT,
  ENABLED_ATTENTION_BIT,
  RECORD_EVENT_BITS,
  RECORD_EVENT_MASK,
  RECORD_HEADER_BYTES,
  RING_BATCH_AT,
  RING_BUFFER_MASK_AT,
  RING_DATA_AT,
  RING_OFFSET_AT,
  RING_SUBBUF_MASK_AT,
  SCRATCH_BYTES,
} from "./public/layout";
import { publish, room } from "./ring";
import { discardBig, enterSubbuf } from "./switch";

const ATTENTION: u32 = 1 << ENABLED_ATTENTION_BIT;
const TRACES: u32 = ATTENTION - 1;
/** Longest payload, in bytes, that is copied by a loop. */
const LOOP_MAX: u32 = 32;

/** The ring that the record is being written to, 0 when it is in the CPU block. */
let ring: usize = 0;
/** The traces that still want it; above them, the attention bit. */
let rest: u32 = 0;

/** The traces that want the event; above them, the attention bit. */
function wanted(event: u32): u32 {
  // Pairs with setEnabled, clearEnabled, enableEvent and setAttention in trace.ts.
  return load32(ENABLED_AT + (event & RECORD_EVENT_MASK) * 4);
}

/** A record's first eight bytes. */
function header(event: u32, now: f64): u64 {
  return (inline.always(stamp(now)) << RECORD_EVENT_BITS) | (event & RECORD_EVENT_MASK);
}

/** This CPU's ring in the first of `traces`, 0 when it has none or there are none. */
function ringOf(traces: u32): usize {
  // The slot of the attention bit is always empty. So the result is 0 if no trace wants the event.
  // Pairs with provideRing in rings.ts and destroyTrace in trace.ts.
  return load32(cpuAt + CPU_RINGS_AT + ctz<u32>(traces | ATTENTION) * 4);
}

/**
 * Begins a record of `size` bytes, with its header written: in the first ring if there is room, else
 * in the CPU block, from where `close` gives it to the traces. A straight line without calls.
 * @returns the address of its header
 */
function open(event: u32, now: f64, size: u32): usize {
  const traces = inline.always(wanted(event));
  const head = inline.always(header(event, now));
  // No ring, address 0, has no room.
  ring = inline.always(ringOf(traces));
  rest = traces & (traces - 1);
  let at = inline.always(room(ring, size));
  if (!at) {
    ring = 0;
    rest = traces;
    at = cpuAt + CPU_RECORD_AT;
  }
  store<u64>(at, head);
  return at;
}

/** Publishes the record, and gives it to the other traces that want it. */
function close(at: usize, size: u32): void {
  if (ring) inline.always(publish(ring, size, 1));
  if (rest) spread(rest, load<u64>(at), at + RECORD_HEADER_BYTES, size, 1);
}

/**
 * Gives records to all of `traces`. After it this CPU holds no pointer into any trace any more, and
 * answers dom0 if dom0 asks.
 */
function spread(traces: u32, head: u64, from: usize, size: u32, count: u32): void {
  for (; traces & TRACES; traces &= traces - 1) {
    const into = inline.always(ringOf(traces));
    if (into) fill(into, head, from, size, count);
  }
  if (traces) quiesce();
}

/** As `spread`, for records that are too big for any ring: they are counted, and nothing else. */
function discard(traces: u32, count: u32): void {
  for (; traces & TRACES; traces &= traces - 1) {
    const from = ringOf(traces);
    if (from) discardBig(from, count);
  }
  if (traces) quiesce();
}

/**
 * Writes `count` records of `size` bytes each to the ring; their payloads lie one after the other
 * at `from`. As many as fit in the sub-buffer are published at once.
 */
function fill(ring: usize, head: u64, from: usize, size: u32, count: u32): void {
  const payload = size - RECORD_HEADER_BYTES;
  const mask = load<u32>(ring, RING_SUBBUF_MASK_AT);
  while (count) {
    let offset = load<u32>(ring, RING_OFFSET_AT);
    // A record never ends exactly where its sub-buffer ends: see room in ring.ts.
    let records = (mask - (offset & mask)) / size;
    if (!records) {
      if (!enterSubbuf(ring, size, load<u64>(cpuAt, CPU_TS_AT))) {
        // It has been counted as discarded; the next one may find room.
        from += payload;
        count--;
        continue;
      }
      // Once, and not until there is room: whatever the ring's words say, this ends.
      offset = load<u32>(ring, RING_OFFSET_AT);
      records = mask / size;
    }
    records = min(count, records);
    let at = load<u32>(ring, RING_DATA_AT) + (offset & load<u32>(ring, RING_BUFFER_MASK_AT));
    for (let i: u32 = 0; i < records; i++) {
      store<u64>(at, head);
      at += RECORD_HEADER_BYTES;
      // The engine's copy costs a call: for what is short, a loop is faster.
      if (payload > LOOP_MAX) memory.copy(at, from, payload);
      else
        for (let word: u32 = 0; word < payload; word += 4)
          store<u32>(at + word, load<u32>(from + word));
      at += payload;
      from += payload;
    }
    store<u32>(ring, records - 1, RING_BATCH_AT);
    inline.always(publish(ring, records * size, records));
    store<u32>(ring, 0, RING_BATCH_AT);
    count -= records;
  }
}

// One for each number of words: written by scripts/arities.mjs.

/** Records an event without payload. `now`: a reading of the CPU's clock, in milliseconds. */
export function record0(event: u32, now: f64): void {
  const at = open(event, now, 8);
  close(at, 8);
}

export function record1(event: u32, now: f64, a: u32): void {
  const at = open(event, now, 12);
  store<u32>(at, a, 8);
  close(at, 12);
}

export function record2(event: u32, now: f64, a: u32, b: u32): void {
  const at = open(event, now, 16);
  store<u32>(at, a, 8);
  store<u32>(at, b, 12);
  close(at, 16);
}

export function record3(event: u32, now: f64, a: u32, b: u32, c: u32): void {
  const at = open(event, now, 20);
  store<u32>(at, a, 8);
  store<u32>(at, b, 12);
  store<u32>(at, c, 16);
  close(at, 20);
}

export function record4(event: u32, now: f64, a: u32, b: u32, c: u32, d: u32): void {
  const at = open(event, now, 24);
  store<u32>(at, a, 8);
  store<u32>(at, b, 12);
  store<u32>(at, c, 16);
  store<u32>(at, d, 20);
  close(at, 24);
}

export function record5(event: u32, now: f64, a: u32, b: u32, c: u32, d: u32, e: u32): void {
  const at = open(event, now, 28);
  store<u32>(at, a, 8);
  store<u32>(at, b, 12);
  store<u32>(at, c, 16);
  store<u32>(at, d, 20);
  store<u32>(at, e, 24);
  close(at, 28);
}

export function record6(
  event: u32,
  now: f64,
  a: u32,
  b: u32,
  c: u32,
  d: u32,
  e: u32,
  f: u32,
): void {
  const at = open(event, now, 32);
  store<u32>(at, a, 8);
  store<u32>(at, b, 12);
  store<u32>(at, c, 16);
  store<u32>(at, d, 20);
  store<u32>(at, e, 24);
  store<u32>(at, f, 28);
  close(at, 32);
}

export function record7(
  event: u32,
  now: f64,
  a: u32,
  b: u32,
  c: u32,
  d: u32,
  e: u32,
  f: u32,
  g: u32,
): void {
  const at = open(event, now, 36);
  store<u32>(at, a, 8);
  store<u32>(at, b, 12);
  store<u32>(at, c, 16);
  store<u32>(at, d, 20);
  store<u32>(at, e, 24);
  store<u32>(at, f, 28);
  store<u32>(at, g, 32);
  close(at, 36);
}

// The end of what scripts/arities.mjs writes.

/**
 * Records `count` events, all at the same time, whose payloads of `bytes` each, rounded up to whole
 * words, lie one after the other in the CPU's scratch area. What the area cannot hold is discarded
 * and counted as too big in every trace.
 */
export function record(event: u32, now: f64, bytes: u32, count: u32): void {
  const traces = inline.always(wanted(event));
  const head = header(event, now);
  const payload = (bytes + 3) & ~3;
  if (bytes <= SCRATCH_BYTES && <u64>payload * count <= SCRATCH_BYTES) {
    spread(traces, head, scratchAt(), RECORD_HEADER_BYTES + payload, count);
  } else discard(traces, count);
}
