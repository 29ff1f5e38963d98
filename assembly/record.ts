// The exports that write a record. A record goes to each active trace that enables its event: it is
// written once, into the first ring that takes it, and copied to the others; its time is taken once.

import { load32 } from "./atomic";
import { cpuAt, quiesce, scratchAt, stamp } from "./cpu";
import {
  CPU_RINGS_AT,
  ENABLED_AT,
  ENABLED_ATTENTION_BIT,
  RECORD_EVENT_BITS,
  RECORD_EVENT_MASK,
  RECORD_HEADER_BYTES,
  SCRATCH_BYTES,
} from "./public/layout";
import { publish, reserve } from "./ring";

const TRACES: u32 = (1 << ENABLED_ATTENTION_BIT) - 1;

/** The ring that the record is being written to. */
let ring: usize = 0;
/** The traces that still want it; above them, the attention bit. */
let rest: u32 = 0;
/** Its time in nanoseconds since boot, all 64 bits of it. */
let time: u64 = 0;

/**
 * Room for the record in the next ring that takes it, with the header written; 0: no ring is left.
 * Then this CPU holds no pointer into any trace any more, and answers dom0 if dom0 asks.
 */
function place(head: u64, size: u32): usize {
  while (rest & TRACES) {
    ring = load32(cpuAt + CPU_RINGS_AT + ctz<u32>(rest) * 4);
    rest &= rest - 1;
    if (!ring) continue;
    const at = reserve(ring, size, time);
    if (!at) continue;
    store<u64>(at, head);
    return at;
  }
  if (rest) quiesce();
  return 0;
}

/** Begins a record of `size` bytes. @returns the address of its header, 0 when nobody takes it. */
function open(event: u32, now: f64, size: u32): usize {
  event &= RECORD_EVENT_MASK;
  // Pairs with setEnabled, clearEnabled and enableEvent in trace.ts.
  rest = load32(ENABLED_AT + event * 4);
  time = stamp(now);
  return place((time << RECORD_EVENT_BITS) | event, size);
}

/** Publishes the record, and gives it to the other traces that want it. */
function close(at: usize, size: u32): void {
  publish(ring, size);
  if (rest) spread(at, size);
}

function spread(from: usize, size: u32): void {
  const head = load<u64>(from);
  for (let at = place(head, size); at; at = place(head, size)) {
    for (let i = RECORD_HEADER_BYTES; i < size; i += 4) store<u32>(at + i, load<u32>(from + i));
    publish(ring, size);
  }
}

/** Records an event without payload. `now`: a reading of the CPU's clock, in milliseconds. */
export function record0(event: u32, now: f64): void {
  const at = open(event, now, 8);
  if (at) close(at, 8);
}

export function record1(event: u32, now: f64, a: u32): void {
  const at = open(event, now, 12);
  if (!at) return;
  store<u32>(at, a, 8);
  close(at, 12);
}

export function record2(event: u32, now: f64, a: u32, b: u32): void {
  const at = open(event, now, 16);
  if (!at) return;
  store<u32>(at, a, 8);
  store<u32>(at, b, 12);
  close(at, 16);
}

export function record3(event: u32, now: f64, a: u32, b: u32, c: u32): void {
  const at = open(event, now, 20);
  if (!at) return;
  store<u32>(at, a, 8);
  store<u32>(at, b, 12);
  store<u32>(at, c, 16);
  close(at, 20);
}

export function record4(event: u32, now: f64, a: u32, b: u32, c: u32, d: u32): void {
  const at = open(event, now, 24);
  if (!at) return;
  store<u32>(at, a, 8);
  store<u32>(at, b, 12);
  store<u32>(at, c, 16);
  store<u32>(at, d, 20);
  close(at, 24);
}

export function record5(event: u32, now: f64, a: u32, b: u32, c: u32, d: u32, e: u32): void {
  const at = open(event, now, 28);
  if (!at) return;
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
  if (!at) return;
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
  if (!at) return;
  store<u32>(at, a, 8);
  store<u32>(at, b, 12);
  store<u32>(at, c, 16);
  store<u32>(at, d, 20);
  store<u32>(at, e, 24);
  store<u32>(at, f, 28);
  store<u32>(at, g, 32);
  close(at, 36);
}

/**
 * Records an event whose payload of `bytes`, rounded up to whole words, lies in the CPU's scratch
 * area. A payload larger than the area is discarded and counted as too big in every trace.
 */
export function record(event: u32, now: f64, bytes: u32): void {
  // What the scratch area cannot hold is asked for as what no sub-buffer can hold: it is counted.
  const size = bytes > SCRATCH_BYTES ? i32.MAX_VALUE : RECORD_HEADER_BYTES + ((bytes + 3) & ~3);
  const at = open(event, now, size);
  if (!at) return;
  memory.copy(at + RECORD_HEADER_BYTES, scratchAt(), bytes);
  close(at, size);
}
