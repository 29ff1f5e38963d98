// What assembly/switch.ts does for a writer, in JavaScript, step by step: leave a sub-buffer, enter
// the next one, push the reader, count what is discarded, raise VIRQ_TBUF. Rare, so in BigInts.

import {
  MODE_OVERWRITE,
  RING_BUFFER_MASK_AT,
  RING_CONSUMED_AT,
  RING_DISCARDED_BIG_AT,
  RING_DISCARDED_FULL_AT,
  RING_MODE_AT,
  RING_OFFSET_AT,
  RING_SUBBUF_BYTES_AT,
  RING_SUBBUF_COUNT_AT,
  RING_SUBBUF_MASK_AT,
  RING_SUBBUFS_AT,
  RING_TALLY_AT,
  SUBBUF_BEGIN_AT,
  SUBBUF_CONTENT_END_AT,
  SUBBUF_COUNT_MAX,
  SUBBUF_DISCARDED_AT,
  SUBBUF_ENTRY_BYTES,
  SUBBUF_RECORDS_AT,
  SUBBUF_TS_LAST_AT,
} from "../../assembly/public/layout.js";
import { VIRQ_TBUF } from "../../assembly/public/ops.js";
import type { CoreExports } from "../memory/core.js";
import type { MemoryViews } from "../memory/views.js";
import { raise } from "./virq.js";

/** As in assembly/switch.ts. */
const PUSH_TRIES = 8;

/** Positions are u64 and wrap as such. */
const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);

/** The slow path of a writer over one memory. */
export class Switch {
  readonly #fence: () => void;
  readonly #words: Int32Array;
  readonly #longs: BigUint64Array;

  constructor({ fence }: Pick<CoreExports, "fence">, { words, longs }: MemoryViews) {
    this.#fence = fence;
    this.#words = words;
    this.#longs = longs;
  }

  /**
   * Leaves the current sub-buffer and enters the next one, so that a record of `size` bytes fits.
   * @returns false when the record is discarded: it can never fit, or the next sub-buffer still
   * holds what dom0 has not consumed (discard mode).
   */
  enterSubbuf(ring: number, size: number, timestamp: bigint): boolean {
    const mask = this.#word(ring + RING_SUBBUF_MASK_AT);
    if (size > mask) {
      this.discardBig(ring, 1);
      return false;
    }

    const offset = this.#long(ring + RING_OFFSET_AT);
    const begin = u64((offset | BigInt(mask)) + 1n);
    // The new sub-buffer's bytes belonged to [begin - N*S, begin - N*S + S) one turn ago.
    const target = u64(begin + BigInt(mask) - BigInt(this.#word(ring + RING_BUFFER_MASK_AT)));
    // Pairs with the CAS in assembly/consume.ts: what dom0 gave back, it has read.
    const consumed = Atomics.load(this.#longs, (ring + RING_CONSUMED_AT) / 8);
    if (BigInt.asIntN(64, consumed - target) < 0n) {
      const overwrite = this.#word(ring + RING_MODE_AT) === MODE_OVERWRITE;
      if (!overwrite || !this.#push(ring, target)) {
        this.#countDiscarded(ring + RING_DISCARDED_FULL_AT, 1);
        return false;
      }
    }
    // No store below may be seen before the push: a reader that copies old bytes must then fail.
    // JavaScript has no fence of its own. Pairs with the fence in src/host/ring-look.ts.
    this.#fence();

    const records = this.#word(ring + RING_TALLY_AT + 4);
    const left = this.#entry(ring, offset);
    this.#storeLong(left + SUBBUF_TS_LAST_AT, timestamp);
    this.#storeLong(left + SUBBUF_DISCARDED_AT, this.#discardedRecords(ring));
    this.#storeWord(left + SUBBUF_CONTENT_END_AT, Number(BigInt.asUintN(32, offset)) & mask);
    this.#open(ring, begin, u64(this.#long(left + SUBBUF_RECORDS_AT) + BigInt(records)));
    this.#storeLong(ring + RING_TALLY_AT, BigInt.asUintN(32, begin));
    // Delivery: pairs with the loads of offset in assembly/consume.ts and src/memory/ring.ts
    // (I3).
    Atomics.store(this.#longs, (ring + RING_OFFSET_AT) / 8, begin);
    raise(this.#words, VIRQ_TBUF);
    return true;
  }

  /** Counts `records` that no sub-buffer can hold. */
  discardBig(ring: number, records: number): void {
    this.#countDiscarded(ring + RING_DISCARDED_BIG_AT, records);
  }

  /** Overwrite mode: moves the reader past what is about to be overwritten (I5). */
  #push(ring: number, target: bigint): boolean {
    const at = (ring + RING_CONSUMED_AT) / 8;
    for (let tries = 0; tries < PUSH_TRIES; tries++) {
      // Pairs with the CAS in assembly/consume.ts, as the next one does.
      const consumed = Atomics.load(this.#longs, at);
      if (consumed >= target) return true;
      // Pairs with the CAS in assembly/consume.ts: of the two, the loser sees that it lost (I6).
      if (Atomics.compareExchange(this.#longs, at, consumed, target) === consumed) return true;
    }
    return false;
  }

  /** Writes the entry of a sub-buffer that begins at `begin` and holds nothing yet. */
  #open(ring: number, begin: bigint, records: bigint): void {
    const entry = this.#entry(ring, begin);
    this.#storeLong(entry + SUBBUF_BEGIN_AT, begin);
    this.#storeLong(entry + SUBBUF_RECORDS_AT, records);
    this.#storeWord(entry + SUBBUF_CONTENT_END_AT, this.#word(ring + RING_SUBBUF_BYTES_AT));
  }

  /** The entry of the sub-buffer in which `position` lies. */
  #entry(ring: number, position: bigint): number {
    const bytes = this.#word(ring + RING_SUBBUF_BYTES_AT);
    const shift = BigInt(31 - Math.clz32(bytes & -bytes));
    const count = this.#word(ring + RING_SUBBUF_COUNT_AT);
    const index = Number(BigInt.asUintN(32, position >> shift)) & (count - 1);
    return ring + RING_SUBBUFS_AT + (index & (SUBBUF_COUNT_MAX - 1)) * SUBBUF_ENTRY_BYTES;
  }

  #discardedRecords(ring: number): bigint {
    // Both written by this thread alone; atomic only to be what the Wasm writer does.
    const full = Atomics.load(this.#longs, (ring + RING_DISCARDED_FULL_AT) / 8);
    return u64(full + Atomics.load(this.#longs, (ring + RING_DISCARDED_BIG_AT) / 8));
  }

  #countDiscarded(at: number, records: number): void {
    // Pairs with the loads in assembly/consume.ts, ringInfo, and src/memory/ring.ts, which read
    // the counter at any time: a u64 may tear otherwise.
    Atomics.store(this.#longs, at / 8, u64(this.#long(at) + BigInt(records)));
  }

  /** A word that this thread alone writes, or that does not change. */
  #word(at: number): number {
    return (this.#words[at / 4] as number) >>> 0;
  }

  #storeWord(at: number, value: number): void {
    this.#words[at / 4] = value;
  }

  /** As `#word`, of 64 bits. */
  #long(at: number): bigint {
    return this.#longs[at / 8] as bigint;
  }

  /** One store of 64 bits, not two of 32: a thread may die between any two stores. */
  #storeLong(at: number, value: bigint): void {
    this.#longs[at / 8] = value;
  }
}
