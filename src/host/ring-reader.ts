// Reading one CPU's ring. Nothing that the shared memory says is believed: positions are checked for
// order, alignment and distance, lengths against bounds, each word is read once. A ring whose words
// make no sense is marked corrupt and left alone. docs/design.md, "Reading".

import {
  FRAME_BYTES,
  RECORD_HEADER_BYTES,
  RING_CONSUMED_AT,
  RING_DISCARDED_BIG_AT,
  RING_DISCARDED_FULL_AT,
  RING_OFFSET_AT,
  RING_OVERWRITTEN_AT,
  RING_SUBBUFS_AT,
  RING_TAKEN_AT,
  SUBBUF_BEGIN_AT,
  SUBBUF_CONTENT_END_AT,
  SUBBUF_DISCARDED_AT,
  SUBBUF_ENTRY_BYTES,
  SUBBUF_RECORDS_AT,
  SUBBUF_TS_LAST_AT,
} from "../../assembly/public/layout.js";
import { lowTimeAt, timeUntil } from "../clock/record-time.js";
import { TraceError } from "../errors.js";
import type { TraceMode } from "../memory/trace-table.js";
import type { ForeignMapping } from "./foreign-map.js";
import type { Packet } from "./packet.js";
import { type FindSizer, walkRecords } from "./record-walk.js";

/** Looks at a ring whose writer keeps moving before this turn is given up. */
const TRIES = 64;
/**
 * The highest position that is read, in bytes: up to here a number is exact. 9 PB of records of one
 * CPU in one trace, which at 100 MB a second is three years' worth.
 */
const POSITION_MAX = Number.MAX_SAFE_INTEGER;
/** More records than are ever lost: sums of what the memory says stay exact, and fit a CTF packet. */
const COUNT_MAX = 2 ** 51;

export interface RingGeometry {
  readonly cpu: number;
  readonly mode: TraceMode;
  /** Bytes of a sub-buffer, and how many there are: both powers of two, as create checked them. */
  readonly subbufBytes: number;
  readonly subbufCount: number;
}

/** What a reader needs of dom0. */
export interface ReaderHost {
  readonly findSizer: FindSizer;
  /** A time that no record published by now is after, in nanoseconds since boot. */
  readonly now: () => bigint;
  /** Orders all loads before it against those after it. */
  readonly fence: () => void;
}

/** A packet, and the positions between which it lies: what consume is to be told. */
export interface FoundPacket extends Packet {
  readonly old: number;
  readonly until: number;
}

/** Nothing but the rest of a sub-buffer to give back: it holds no record that was not read. */
export interface Padding {
  readonly old: number;
  readonly until: number;
}

type Found = FoundPacket | Padding | "empty" | "moved" | "corrupt";

interface Entry {
  readonly begin: number;
  readonly records: number;
  readonly contentEnd: number;
}

export class RingReader {
  readonly geometry: RingGeometry;
  readonly #control: ForeignMapping;
  readonly #data: ForeignMapping;
  readonly #host: ReaderHost;
  readonly #longs: BigUint64Array;
  readonly #words: DataView;
  /** The data, to read a record's header where it lies. */
  readonly #view: DataView;
  /** Highest offset and end time seen: both only grow (I1, I8). */
  #offset = 0;
  #end = 0n;
  /** Losses that the last packet told: no later one may tell fewer. */
  #declared = 0;
  /** Where this reader stopped, and the records before that in its sub-buffer; -1: not known. */
  #stopped = { at: 0, records: 0 };
  #corrupt = false;

  constructor(
    geometry: RingGeometry,
    control: ForeignMapping,
    data: ForeignMapping,
    host: ReaderHost,
  ) {
    this.geometry = geometry;
    this.#control = control;
    this.#data = data;
    this.#host = host;
    const { buffer, byteOffset } = control.bytes;
    this.#longs = new BigUint64Array(buffer, byteOffset, FRAME_BYTES / 8);
    this.#words = new DataView(buffer, byteOffset, FRAME_BYTES);
    this.#view = viewOf(data.bytes);
  }

  /** True once the ring's words made no sense; it is not read any more. */
  get corrupt(): boolean {
    return this.#corrupt;
  }

  /** Marks it as corrupt. */
  giveUp(): void {
    this.#corrupt = true;
  }

  /** Records lost so far: for the last packet of a stream. */
  lost(): number {
    this.#checkValid();
    return this.#discarded() + Math.min(this.#load(RING_OVERWRITTEN_AT), COUNT_MAX);
  }

  /**
   * The next packet at the reader's position, or the padding there. undefined: nothing to read now,
   * or nothing but a sub-buffer that is still being written and `partial` is false.
   */
  next(partial: boolean): FoundPacket | Padding | undefined {
    this.#checkValid();
    for (let tries = 0; tries < TRIES && !this.#corrupt; tries++) {
      const found = this.#look(
        this.#load(RING_CONSUMED_AT),
        partial,
        this.#overwrites(),
        this.#end,
      );
      if (found === "corrupt") this.#corrupt = true;
      else if (found === "empty") return undefined;
      else if (found !== "moved") return found;
    }
    return undefined;
  }

  /**
   * All that is in the ring now, copied, without giving anything back. A writer that overtakes it
   * leaves holes: each packet's `discarded` tells what is missing before it.
   */
  snapshot(): FoundPacket[] {
    this.#checkValid();
    const packets: FoundPacket[] = [];
    let at = this.#load(RING_CONSUMED_AT);
    // Only then: a writer may go round between the two.
    let stop = this.#load(RING_OFFSET_AT);
    if (at > stop || stop > POSITION_MAX) this.#corrupt = true;
    /** What the packets hold, and what the last of them told: records lost, and its end time. */
    let records = 0;
    let declared = 0;
    let floor = this.#end;
    const triesMax = TRIES + 2 * this.geometry.subbufCount;
    for (let tries = 0; tries < triesMax && at < stop && !this.#corrupt; tries++) {
      const before = this.#publishedBefore(at);
      const found = this.#look(at, true, true, floor);
      if (found === "empty") break;
      if (found === "moved") {
        // A writer that is this fast has newer records by now than when this began.
        at = Math.max(at, this.#load(RING_CONSUMED_AT));
        stop = this.#load(RING_OFFSET_AT);
        continue;
      }
      // The look has found that the writer had not come here: what was read before it holds.
      const overwritten = this.#overwrites() ? before - this.#load(RING_TAKEN_AT) - records : 0;
      if (found === "corrupt" || overwritten < 0) {
        this.#corrupt = true;
        break;
      }
      if ("bytes" in found) {
        const discarded = found.discarded + Math.min(overwritten, COUNT_MAX);
        if (discarded < declared) {
          this.#corrupt = true;
          break;
        }
        packets.push({ ...found, discarded });
        records += found.records;
        declared = discarded;
        floor = found.end;
      }
      at = found.until;
    }
    // What was pushed meanwhile was copied before it was overwritten: each look has checked that.
    return packets;
  }

  /**
   * Records published before position `at`, in overwrite mode. Within a sub-buffer only a consume can
   * have put the reader there: what was published before that was either taken or overwritten.
   */
  #publishedBefore(at: number): number {
    if (this.#beginOf(at) === at) return this.#entry(at).records;
    return this.#load(RING_TAKEN_AT) + this.#load(RING_OVERWRITTEN_AT);
  }

  /** Notes that what `next` found was given back to the writer. */
  consumed(found: FoundPacket | Padding): void {
    const { old, until } = found;
    const begin = this.#beginOf(old) === old;
    // Where another reader stopped within a sub-buffer, only walking tells what it left.
    const before = begin ? 0 : this.#stopped.at === old ? this.#stopped.records : -1;
    const records = before < 0 || !("records" in found) ? before : before + found.records;
    this.#stopped = { at: until, records: this.#beginOf(until) === until ? 0 : records };
    if (!("end" in found)) return;
    this.#end = found.end;
    this.#declared = found.discarded;
  }

  /** Unmaps the ring. */
  close(): void {
    try {
      this.#control.unmap();
    } finally {
      this.#data.unmap();
    }
  }

  /**
   * Looks at position `old`, where no record is before `floor`. `copying` where the writer may
   * overwrite what is read.
   */
  #look(old: number, partial: boolean, copying: boolean, floor: bigint): Found {
    // Before offset: no packet that is found later may tell fewer (babeltrace2 refuses that).
    const lost = this.#discarded();
    // Pairs with publish in ring.ts and the delivery in switch.ts: every byte below it is there (I3).
    const offset = this.#load(RING_OFFSET_AT);
    const wrong = this.#checkPositions(old, offset);
    if (wrong) return wrong;
    if (old === offset) return "empty";
    const begin = this.#beginOf(old);
    const until = begin + this.geometry.subbufBytes;
    return offset < until
      ? this.#open(old, offset, partial, copying, floor, lost)
      : this.#closed(old, begin, until, copying, floor, until === offset ? lost : 0);
  }

  #checkPositions(old: number, offset: number): "moved" | "corrupt" | undefined {
    const { subbufBytes, subbufCount } = this.geometry;
    if (offset > POSITION_MAX || offset < this.#offset) return "corrupt";
    if (offset % 4 !== 0 || old % 4 !== 0) return "corrupt";
    const distance = offset - old;
    if (distance >= 0 && distance <= subbufBytes * subbufCount) {
      this.#offset = offset;
      return undefined;
    }
    // A push between the two loads explains a distance that is too large, and nothing else does.
    return distance > 0 && this.#movedFrom(old) ? "moved" : "corrupt";
  }

  /** A sub-buffer that the writer has left: its entry tells all. */
  #closed(
    old: number,
    begin: number,
    until: number,
    copying: boolean,
    floor: bigint,
    lost: number,
  ): Found {
    const entry = this.#entry(begin);
    const next = this.#entry(until);
    const noted = this.#entryAt(begin);
    const tsLast = this.#words.getBigUint64(noted + SUBBUF_TS_LAST_AT, true);
    const discardedThen = Math.min(this.#plain(noted + SUBBUF_DISCARDED_AT), COUNT_MAX);
    const end = begin + entry.contentEnd;
    const own = entry.begin === begin && next.begin === until;
    const sane = own && entry.contentEnd < this.geometry.subbufBytes && entry.contentEnd % 4 === 0;
    if (!sane) return this.#movedFrom(old) ? "moved" : "corrupt";
    if (end === old) return { old, until };
    if (end < old) return this.#movedFrom(old) ? "moved" : "corrupt";
    const bytes = this.#bytes(old, end, copying);
    if (copying && this.#movedFrom(old)) return "moved";
    if (bytes.length < RECORD_HEADER_BYTES) return "corrupt";
    const records = this.#recordsLeft(old, begin, next.records - entry.records, bytes);
    const low = copying ? lowTimeAt(viewOf(bytes), 0) : lowTimeAt(this.#view, this.#placeOf(old));
    const first = timeUntil(low, tsLast);
    if (records <= 0 || records * RECORD_HEADER_BYTES > bytes.length) return "corrupt";
    if (first < floor || first > tsLast) return "corrupt";
    // The last packet before an empty ring tells all losses: no later one may come to do it.
    const discarded = Math.max(lost, discardedThen);
    if (discarded < this.#declared) return "corrupt";
    const { cpu } = this.geometry;
    const partial = false;
    return { cpu, begin: first, end: tsLast, records, discarded, partial, bytes, old, until };
  }

  /** The sub-buffer that is being written: what is below `offset` is complete all the same. */
  #open(
    old: number,
    offset: number,
    partial: boolean,
    copying: boolean,
    floor: bigint,
    lost: number,
  ): Found {
    if (!partial) return "empty";
    const bytes = this.#bytes(old, offset, copying);
    if (copying && this.#movedFrom(old)) return "moved";
    const view = viewOf(bytes);
    const now = this.#host.now();
    const walked = walkRecords(view, 0, bytes.length, this.#host.findSizer, now);
    if (!walked) return this.#movedFrom(old) ? "moved" : "corrupt";
    const begin = timeUntil(lowTimeAt(view, 0), now);
    if (begin < floor || lost < this.#declared) return "corrupt";
    const { cpu } = this.geometry;
    const { records, last: end } = walked;
    return { cpu, begin, end, records, discarded: lost, partial, bytes, old, until: offset };
  }

  /** Records from `old` to the end of a closed sub-buffer that holds `all`. */
  #recordsLeft(old: number, begin: number, all: number, bytes: Uint8Array): number {
    if (old === begin) return all;
    const { at, records } = this.#stopped;
    if (at === old && records >= 0) return all - records;
    const { findSizer, now } = this.#host;
    return walkRecords(viewOf(bytes), 0, bytes.length, findSizer, now())?.records ?? -1;
  }

  #overwrites(): boolean {
    return this.geometry.mode === "overwrite";
  }

  /** True when the writer has pushed the reader on from `old`: what was read there is void (I6). */
  #movedFrom(old: number): boolean {
    // What was copied was loaded plainly: no such load may be done after the one below. Pairs with
    // the fence in enterSubbuf of the hypervisor's switch.ts.
    this.#host.fence();
    return this.#load(RING_CONSUMED_AT) > old;
  }

  #bytes(from: number, to: number, copying: boolean): Uint8Array {
    const at = this.#placeOf(from);
    const bytes = this.#data.bytes;
    return copying ? bytes.slice(at, at + to - from) : bytes.subarray(at, at + to - from);
  }

  /** Where in the buffer a position lies. */
  #placeOf(position: number): number {
    const { subbufBytes, subbufCount } = this.geometry;
    return position % (subbufBytes * subbufCount);
  }

  #beginOf(position: number): number {
    return position - (position % this.geometry.subbufBytes);
  }

  /** Where in the control frame the entry of a sub-buffer is. */
  #entryAt(begin: number): number {
    const { subbufBytes, subbufCount } = this.geometry;
    return RING_SUBBUFS_AT + ((begin / subbufBytes) % subbufCount) * SUBBUF_ENTRY_BYTES;
  }

  #entry(begin: number): Entry {
    const at = this.#entryAt(begin);
    return {
      begin: this.#plain(at + SUBBUF_BEGIN_AT),
      records: this.#plain(at + SUBBUF_RECORDS_AT),
      // The upper half of its long word is unused.
      contentEnd: this.#words.getUint32(at + SUBBUF_CONTENT_END_AT, true),
    };
  }

  #discarded(): number {
    const full = Math.min(this.#load(RING_DISCARDED_FULL_AT), COUNT_MAX);
    return full + Math.min(this.#load(RING_DISCARDED_BIG_AT), COUNT_MAX);
  }

  #load(at: number): number {
    return Number(Atomics.load(this.#longs, at / 8));
  }

  /**
   * A long word of an entry, in halves. Ordered as the records themselves are: its writer is done
   * with it before `offset` is published, and where it may come back to it, `consumed` tells.
   */
  #plain(at: number): number {
    return this.#words.getUint32(at, true) + this.#words.getUint32(at + 4, true) * 2 ** 32;
  }

  /** Frames are taken back by this thread's own destroy: not in the middle of a look. */
  #checkValid(): void {
    if (this.#control.valid) return;
    throw new TraceError("stale", `CPU ${this.geometry.cpu}: its trace was destroyed`);
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
