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
import type { CoreExports, WordRecords } from "../memory/core.js";
import type { MemoryViews } from "../memory/views.js";
import { stamper, type Time } from "./stamp.js";
import { Switch } from "./switch.js";
import { wordRecords } from "./words.js";

/** What a CPU with this writer uses in place of the core's exports of the same names. */
export type JsWriter = WordRecords & Pick<CoreExports, "cpu_leave" | "record">;

const ATTENTION = 1 << ENABLED_ATTENTION_BIT;
const TRACES = ~ATTENTION;
const HEADER_WORDS = RECORD_HEADER_BYTES / 4;
/** The first word of the header of a record of that time. */
function headerLow(event: number, low: number): number {
  return (low << RECORD_EVENT_BITS) | (event & RECORD_EVENT_MASK);
}

/** The second one. */
function headerHigh(low: number, high: number): number {
  return (high << RECORD_EVENT_BITS) | (low >>> (32 - RECORD_EVENT_BITS));
}

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
  // What `open` hands on to `close`, besides an address, as in assembly/record.ts. Handed on in variables
  // of the call, it makes the record functions too long for V8 to inline all of: those of seven words
  // took a sixth longer.
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

  function publish(into: number, bytes: number, records: number): void {
    // No carry into the high word: the records end inside their sub-buffer. `| 0`: the low word
    // wraps as the signed view has it.
    const end = (word(into + RING_OFFSET_AT) + bytes) | 0;
    // Before the publication, and naming it, in one store: see `publish` in assembly/ring.ts.
    longs[(into + RING_TALLY_AT) >> 3] = together(end, word(into + RING_TALLY_AT + 4) + records);
    // Pairs with the loads of offset in assembly/consume.ts and src/memory/ring.ts.
    Atomics.store(
      longs,
      (into + RING_OFFSET_AT) >> 3,
      together(end, word(into + RING_OFFSET_AT + 4)),
    );
  }

  /** This and what follows: as in assembly/record.ts. */
  function wanted(event: number): number {
    // Pairs with setEnabled, clearEnabled, enableEvent and setAttention in assembly/trace.ts.
    return Atomics.load(words, ENABLED_AT / 4 + (event & RECORD_EVENT_MASK));
  }

  function ringOf(traces: number): number {
    const slots = traces | ATTENTION;
    const trace = 31 - Math.clz32(slots & -slots);
    // Pairs with provideRing in assembly/rings.ts and destroyTrace in assembly/trace.ts.
    return Atomics.load(words, (cpu + CPU_RINGS_AT + trace * 4) >> 2);
  }

  /** @returns an index in `words` */
  function open(event: number, now: number, size: number): number {
    const traces = wanted(event);
    stamp(now, cpu);
    const { low, high } = time;
    ring = ringOf(traces);
    rest = traces & (traces - 1);
    let at = room(size);
    if (at === 0) {
      ring = 0;
      rest = traces;
      at = (cpu + CPU_RECORD_AT) >> 2;
    }
    // Two stores, because a record is aligned to 4 bytes only. Nobody reads it yet.
    words[at] = headerLow(event, low);
    words[at + 1] = headerHigh(low, high);
    return at;
  }

  function close(at: number, size: number): void {
    if (ring !== 0) publish(ring, size, 1);
    if (rest === 0) return;
    spread(rest, words[at] as number, words[at + 1] as number, at + HEADER_WORDS, size, 1);
  }

  /** `from`: an index in `words`; `low` and `high`: the header. */
  function spread(
    traces: number,
    low: number,
    high: number,
    from: number,
    size: number,
    count: number,
  ): void {
    let left = traces;
    for (; (left & TRACES) !== 0; left &= left - 1) {
      const into = ringOf(left);
      if (into !== 0) fill(into, low, high, from, size, count);
    }
    if (left !== 0) quiesce();
  }

  function discard(traces: number, count: number): void {
    let left = traces;
    for (; (left & TRACES) !== 0; left &= left - 1) {
      const from = ringOf(left);
      if (from !== 0) slow.discardBig(from, count);
    }
    if (left !== 0) quiesce();
  }

  function fill(
    into: number,
    low: number,
    high: number,
    from: number,
    size: number,
    count: number,
  ): void {
    const payloadWords = (size - RECORD_HEADER_BYTES) / 4;
    // Positive, also where its word was overwritten: what fits is a number of records then as well.
    const mask = word(into + RING_SUBBUF_MASK_AT) >>> 0;
    let source = from;
    for (let left = count; left > 0; ) {
      let offset = word(into + RING_OFFSET_AT);
      let records = Math.floor((mask - ((offset & mask) >>> 0)) / size);
      if (records === 0) {
        if (!slow.enterSubbuf(into, size, longs[(cpu + CPU_TS_AT) >> 3] as bigint)) {
          // It has been counted as discarded; the next one may find room.
          source += payloadWords;
          left--;
          continue;
        }
        offset = word(into + RING_OFFSET_AT);
        records = Math.floor(mask / size);
      }
      records = Math.min(left, records);
      let at = (word(into + RING_DATA_AT) + (offset & word(into + RING_BUFFER_MASK_AT))) >> 2;
      for (let i = 0; i < records; i++) {
        words[at] = low;
        words[at + 1] = high;
        words.copyWithin(at + HEADER_WORDS, source, source + payloadWords);
        at += HEADER_WORDS + payloadWords;
        source += payloadWords;
      }
      words[(into + RING_BATCH_AT) >> 2] = records - 1;
      publish(into, records * size, records);
      words[(into + RING_BATCH_AT) >> 2] = 0;
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
      const traces = wanted(event);
      stamp(now, cpu);
      if (length > SCRATCH_BYTES || payload * records > SCRATCH_BYTES) {
        discard(traces, records);
        return;
      }
      const from = word(cpu + CPU_SCRATCH_AT) >> 2;
      const size = RECORD_HEADER_BYTES + payload;
      const { low, high } = time;
      spread(traces, headerLow(event, low), headerHigh(low, high), from, size, records);
    },
  };
}
