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
  CPU_RECORD_AT,
  CPU_RINGS_AT,
  CPU_SCRATCH_AT,
  CPU_TS_AT,
  ENABLED_AT,
  ENABLED_ATTENTION_BIT,
  NOBODY_AT,
  RECORD_EVENT_BITS,
  RECORD_EVENT_MASK,
  RECORD_HEADER_BYTES,
  RING_BATCH_AT,
  RING_BUFFER_MASK_AT,
  RING_DATA_AT,
  RING_OFFSET_AT,
  RING_SUBBUF_MASK_AT,
  RING_TALLY_AT,
  SCRATCH_BYTES,
} from "../../assembly/public/layout.js";
import { EPOCH_WORD } from "../memory/control-page.js";
import type { CoreExports } from "../memory/core.js";
import type { MemoryViews } from "../memory/views.js";
import { stamper, type Time } from "./stamp.js";
import { Switch } from "./switch.js";
import { type RecordFunctions, wordRecords } from "./words.js";

/** What a CPU with this writer uses in place of the core's exports of the same names. */
export type JsWriter = RecordFunctions & Pick<CoreExports, "cpu_leave">;

const ATTENTION = 1 << ENABLED_ATTENTION_BIT;
const TRACES = ~ATTENTION;
const HEADER_WORDS = RECORD_HEADER_BYTES / 4;
/** Asks for what no sub-buffer can hold. */
const TOO_BIG = 0x7fffffff;

/**
 * A writer for the CPU that this thread has joined as, whose block is at `cpuBlockAddress`.
 * @param core its instance, of which only `fence` and `cpu_leave` are called
 * @param originMs the reading of the thread's clock at time 0, as `core.cpu_join` was told
 *
 * As the Wasm writer it trusts the geometry of its rings; where that was overwritten, it may store
 * nothing at all or throw a RangeError, and not a WebAssembly.RuntimeError.
 */
export function makeJsWriter(
  core: CoreExports,
  views: MemoryViews,
  cpuBlockAddress: number,
  originMs: number,
): JsWriter {
  const { words, longs } = views;
  const slow = new Switch(core, views);
  /** The record's time in nanoseconds since boot, all 64 bits of it. */
  const time: Time = { low: 0, high: 0 };
  const stamp = stamper(views, originMs, time);
  /** Two words to be stored as one u64. */
  const pairWords = new Int32Array(2);
  const pairLong = new BigUint64Array(pairWords.buffer);
  let cpu = cpuBlockAddress;
  /** The ring that the record is being written to, 0 when it is in the CPU block. */
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
    const epoch = Atomics.load(words, EPOCH_WORD);
    // Pairs with quiescentSince, called by dom0: what this CPU did before is done.
    if (word(cpu + CPU_ACK_AT) !== epoch) Atomics.store(words, (cpu + CPU_ACK_AT) >> 2, epoch);
  }

  /** As `room` in assembly/ring.ts. @returns an index in `words`, 0: there is none */
  function room(size: number): number {
    const mask = word(ring + RING_SUBBUF_MASK_AT);
    const offset = word(ring + RING_OFFSET_AT);
    if ((offset & mask) + size > mask) return 0;
    return (word(ring + RING_DATA_AT) + (offset & word(ring + RING_BUFFER_MASK_AT))) >> 2;
  }

  function publish(bytes: number, records: number): void {
    // No carry into the high word: the records end inside their sub-buffer. `| 0`: the low word
    // wraps as the signed view has it.
    const end = (word(ring + RING_OFFSET_AT) + bytes) | 0;
    // Before the publication, and naming it, in one store: see `publish` in assembly/ring.ts.
    longs[(ring + RING_TALLY_AT) >> 3] = together(end, word(ring + RING_TALLY_AT + 4) + records);
    // Pairs with the loads of offset in assembly/consume.ts and src/memory/ring.ts.
    Atomics.store(
      longs,
      (ring + RING_OFFSET_AT) >> 3,
      together(end, word(ring + RING_OFFSET_AT + 4)),
    );
  }

  /** This CPU's ring in the first of `traces`, 0 when it has none. */
  function ringOf(traces: number): number {
    const trace = 31 - Math.clz32(traces & -traces);
    // Pairs with the stores and the CAS of a ring's address in assembly/trace.ts.
    return Atomics.load(words, (cpu + CPU_RINGS_AT + trace * 4) >> 2);
  }

  /** As `open` in assembly/record.ts. @returns an index in `words` */
  function open(event: number, now: number, size: number): number {
    const id = event & RECORD_EVENT_MASK;
    // Pairs with start, stop and destroy in assembly/trace.ts, which set and clear the bits.
    const traces = Atomics.load(words, ENABLED_AT / 4 + id);
    stamp(now, cpu);
    const { low, high } = time;
    ring = ringOf(traces | ATTENTION);
    rest = traces & (traces - 1);
    let at = room(size);
    if (at === 0) {
      ring = 0;
      rest = traces;
      at = (cpu + CPU_RECORD_AT) >> 2;
    }
    // Two stores, because a record is aligned to 4 bytes only. Nobody reads it yet.
    words[at] = (low << RECORD_EVENT_BITS) | id;
    words[at + 1] = (high << RECORD_EVENT_BITS) | (low >>> (32 - RECORD_EVENT_BITS));
    return at;
  }

  /** Publishes the record, and gives it to the other traces that want it. */
  function close(at: number, size: number): void {
    if (ring !== 0) publish(size, 1);
    if (rest !== 0) spread(at, at + HEADER_WORDS, size, 1);
  }

  /** As `spread` in assembly/record.ts. `head` and `from` are indices in `words`. */
  function spread(head: number, from: number, size: number, count: number): void {
    const low = words[head] as number;
    const high = words[head + 1] as number;
    for (; (rest & TRACES) !== 0; rest &= rest - 1) {
      ring = ringOf(rest);
      if (ring !== 0) fill(low, high, from, size, count);
    }
    if (rest !== 0) quiesce();
  }

  /** As `fill` in assembly/record.ts. */
  function fill(low: number, high: number, from: number, size: number, count: number): void {
    const payloadWords = (size - RECORD_HEADER_BYTES) / 4;
    // Positive, also where its word was overwritten: what fits is a number of records then as well.
    const mask = word(ring + RING_SUBBUF_MASK_AT) >>> 0;
    let source = from;
    for (let left = count; left > 0; ) {
      let offset = word(ring + RING_OFFSET_AT);
      let records = Math.floor((mask - ((offset & mask) >>> 0)) / size);
      if (records === 0) {
        if (!slow.enterSubbuf(ring, size, longs[(cpu + CPU_TS_AT) >> 3] as bigint)) {
          // It has been counted as discarded; the next one may find room.
          source += payloadWords;
          left--;
          continue;
        }
        offset = word(ring + RING_OFFSET_AT);
        records = Math.floor(mask / size);
      }
      records = Math.min(left, records);
      let at = (word(ring + RING_DATA_AT) + (offset & word(ring + RING_BUFFER_MASK_AT))) >> 2;
      for (let i = 0; i < records; i++) {
        words[at] = low;
        words[at + 1] = high;
        words.copyWithin(at + HEADER_WORDS, source, source + payloadWords);
        at += HEADER_WORDS + payloadWords;
        source += payloadWords;
      }
      words[(ring + RING_BATCH_AT) >> 2] = records - 1;
      publish(records * size, records);
      words[(ring + RING_BATCH_AT) >> 2] = 0;
      left -= records;
    }
  }

  return {
    cpu_leave() {
      // First: others may own the slot once the core has left it.
      cpu = NOBODY_AT;
      core.cpu_leave();
    },
    ...wordRecords(words, open, close),
    record(event, now, bytes, count) {
      // What a call of a Wasm export makes of them.
      const length = bytes >>> 0;
      const records = count >>> 0;
      const payload = (length + 3) & ~3;
      const fits = length <= SCRATCH_BYTES && payload * records <= SCRATCH_BYTES;
      // As in assembly/record.ts: the header alone, in the CPU block.
      const at = open(event, now, TOO_BIG);
      const size = fits ? RECORD_HEADER_BYTES + payload : TOO_BIG;
      spread(at, word(cpu + CPU_SCRATCH_AT) >> 2, size, records);
    },
  };
}
