// What assembly/record.ts and assembly/ring.ts do, in JavaScript, on the same words, with the same
// stores in the same order. Nothing about a ring is kept between two calls: all is read from memory
// each time, so a CPU can be taken over from a Wasm writer, and by one, at any record.
//
// `offset` is stored as one u64 by BigUint64Array. To store its low word alone would be faster, and
// the high one does not change in `publish`; but readers load all 64 bits, and where two atomic
// accesses differ in their range the memory model of ECMAScript and Wasm knows no synchronizes-with
// between them: nothing would say that who sees `offset` sees the record (I3).

import {
  CPU_ACK_AT,
  CPU_RINGS_AT,
  CPU_SCRATCH_AT,
  CTL_EPOCH_AT,
  ENABLED_AT,
  ENABLED_ATTENTION_BIT,
  NOBODY_AT,
  RECORD_EVENT_BITS,
  RECORD_EVENT_MASK,
  RECORD_HEADER_BYTES,
  RING_BUFFER_MASK_AT,
  RING_DATA_AT,
  RING_OFFSET_AT,
  RING_SUBBUF_MASK_AT,
  RING_TALLY_AT,
  SCRATCH_BYTES,
} from "../../assembly/public/layout.js";
import type { CoreExports } from "../core.js";
import { controlWord, type MemoryViews } from "../memory.js";
import { stamper, type Time } from "./stamp.js";
import { Switch } from "./switch.js";
import { wordRecords } from "./words.js";

/** The exports of the core that write a record. */
export type RecordFunctions = Pick<
  CoreExports,
  | "record"
  | "record0"
  | "record1"
  | "record2"
  | "record3"
  | "record4"
  | "record5"
  | "record6"
  | "record7"
>;

/** What a CPU with this writer uses in place of the core's exports of the same names. */
export type JsWriter = RecordFunctions & Pick<CoreExports, "leave">;

const TRACES = (1 << ENABLED_ATTENTION_BIT) - 1;
const HEADER_WORDS = RECORD_HEADER_BYTES / 4;
const EPOCH = controlWord(CTL_EPOCH_AT);
/** Asks for what no sub-buffer can hold. */
const TOO_BIG = 0x7fffffff;

/**
 * A writer for the CPU that this thread has joined as, whose block is at `cpuBlockAddress`.
 * @param core its instance, of which only `fence` and `leave` are called
 * @param originMs the reading of the thread's clock at time 0, as `core.join` was told
 *
 * As the Wasm writer it trusts the geometry of its rings; where that was overwritten, it may store
 * nothing at all or throw a RangeError, and not a WebAssembly.RuntimeError.
 */
export function jsWriter(
  core: CoreExports,
  views: MemoryViews,
  cpuBlockAddress: number,
  originMs: number,
): JsWriter {
  const { words, longs, bytes } = views;
  const slow = new Switch(core, views);
  /** The record's time in nanoseconds since boot, all 64 bits of it. */
  const time: Time = { low: 0, high: 0 };
  const stamp = stamper(views, originMs, time);
  /** Two words to be stored as one u64. */
  const pairWords = new Int32Array(2);
  const pairLong = new BigUint64Array(pairWords.buffer);
  let cpu = cpuBlockAddress;
  /** The ring that the record is being written to. */
  let ring = 0;
  /** The traces that still want it; above them, the attention bit. */
  let rest = 0;

  /** A word that this thread alone writes, or that does not change. Positive: below 2^31. */
  function word(at: number): number {
    return words[at >> 2] as number;
  }

  function together(low: number, high: number): bigint {
    pairWords[0] = low;
    pairWords[1] = high;
    return pairLong[0] as bigint;
  }

  function quiesce(): void {
    // Pairs with the add in assembly/trace.ts that begins an epoch.
    const epoch = Atomics.load(words, EPOCH);
    // Pairs with quiescentSince, called by dom0: what this CPU did before is done.
    if (word(cpu + CPU_ACK_AT) !== epoch) Atomics.store(words, (cpu + CPU_ACK_AT) >> 2, epoch);
  }

  /** Index in `words` at which a record of `size` bytes may be written, 0: it is discarded. */
  function reserve(size: number): number {
    const mask = word(ring + RING_SUBBUF_MASK_AT);
    const used = word(ring + RING_OFFSET_AT) & mask;
    // Strictly less than a sub-buffer: see `reserve` in assembly/ring.ts.
    if (used + size > mask && !slow.enterSubbuf(ring, size, together(time.low, time.high)))
      return 0;
    const position = word(ring + RING_OFFSET_AT) & word(ring + RING_BUFFER_MASK_AT);
    return (word(ring + RING_DATA_AT) + position) >> 2;
  }

  function publish(size: number): void {
    // No carry into the high word: the record ends inside its sub-buffer. `| 0`: the low word wraps
    // as the signed view has it.
    const end = (word(ring + RING_OFFSET_AT) + size) | 0;
    const records = word(ring + RING_TALLY_AT + 4) + 1;
    // Before the publication, and naming it, in one store: see `publish` in assembly/ring.ts.
    longs[(ring + RING_TALLY_AT) >> 3] = together(end, records);
    // Pairs with the loads of offset in assembly/consume.ts and src/host/ring-reader.ts.
    Atomics.store(
      longs,
      (ring + RING_OFFSET_AT) >> 3,
      together(end, word(ring + RING_OFFSET_AT + 4)),
    );
  }

  /** As `place` in assembly/record.ts. @returns an index in `words`, 0: no ring is left */
  function place(headLow: number, headHigh: number, size: number): number {
    while ((rest & TRACES) !== 0) {
      const trace = 31 - Math.clz32(rest & -rest);
      // Pairs with the stores and the CAS of a ring's address in assembly/trace.ts.
      ring = Atomics.load(words, (cpu + CPU_RINGS_AT + trace * 4) >> 2);
      rest &= rest - 1;
      if (ring === 0) continue;
      const at = reserve(size);
      if (at === 0) continue;
      // Two stores, because a record is aligned to 4 bytes only. Nobody reads it yet.
      words[at] = headLow;
      words[at + 1] = headHigh;
      return at;
    }
    if (rest !== 0) quiesce();
    return 0;
  }

  /** Begins a record of `size` bytes. @returns where, as an index in `words`, 0: nobody takes it. */
  function open(event: number, now: number, size: number): number {
    const id = event & RECORD_EVENT_MASK;
    // Pairs with start, stop and destroy in assembly/trace.ts, which set and clear the bits.
    rest = Atomics.load(words, ENABLED_AT / 4 + id);
    stamp(now, cpu);
    const { low, high } = time;
    const headHigh = (high << RECORD_EVENT_BITS) | (low >>> (32 - RECORD_EVENT_BITS));
    return place((low << RECORD_EVENT_BITS) | id, headHigh, size);
  }

  /** Publishes the record, and gives it to the other traces that want it. */
  function close(from: number, size: number): void {
    publish(size);
    if (rest !== 0) spread(from, size);
  }

  function spread(from: number, size: number): void {
    const low = words[from] as number;
    const high = words[from + 1] as number;
    for (let at = place(low, high, size); at !== 0; at = place(low, high, size)) {
      for (let i = HEADER_WORDS; i < size / 4; i++) words[at + i] = words[from + i] as number;
      publish(size);
    }
  }

  return {
    leave() {
      // First: others may own the slot once the core has left it.
      cpu = NOBODY_AT;
      core.leave();
    },
    ...wordRecords(words, open, close),
    record(event, now, payloadBytes) {
      const length = payloadBytes >>> 0;
      const size = length > SCRATCH_BYTES ? TOO_BIG : RECORD_HEADER_BYTES + ((length + 3) & ~3);
      const at = open(event, now, size);
      if (at === 0) return;
      const scratch = word(cpu + CPU_SCRATCH_AT);
      bytes.copyWithin(at * 4 + RECORD_HEADER_BYTES, scratch, scratch + length);
      close(at, size);
    },
  };
}
