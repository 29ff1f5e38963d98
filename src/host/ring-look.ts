// Looking at one position of a ring. Nothing that the memory says is believed: positions are checked for
// order, alignment and distance, lengths against bounds, each word is read once. docs/design.md, "Reading".

import { RECORD_HEADER_BYTES } from "../../assembly/public/layout.js";
import { lowTimeAt, timeUntil } from "../clock/record-time.js";
import { type Ring, viewOf } from "../memory/ring.js";
import type { Packet } from "./packet.js";
import { type FindSizer, walkRecords } from "./record-walk.js";

/**
 * The highest position that is read, in bytes: up to here a number is exact. 9 PB of records of one
 * CPU in one trace, which at 100 MB a second is three years' worth.
 */
export const POSITION_MAX = Number.MAX_SAFE_INTEGER;

/** What a looker has to know beside the ring's bytes. */
export interface LookHost {
  readonly findSizer: FindSizer;
  /** As `FacilityTable.withTexts`. */
  readonly withTexts: (bytes: Uint8Array) => Uint8Array | undefined;
  /** A time that no record published by now is after, in nanoseconds since boot. */
  readonly now: () => bigint;
  /** Orders all loads before it against those after it. Nothing, where nobody writes. */
  readonly fence: () => void;
}

/** What is looked at, and how. */
export interface Look {
  /** The position, in bytes since the trace's start. */
  readonly at: number;
  /** Also in a sub-buffer that is still being written. */
  readonly partial: boolean;
  /** Take a copy, as the writer may overwrite what is read. */
  readonly copying: boolean;
  /** No record there is before this, in nanoseconds since boot. */
  readonly floor: bigint;
  /** No packet there tells fewer losses, in records. */
  readonly declared: number;
}

/** Positions between which something lies: what consume is to be told. */
interface Between {
  readonly at: number;
  readonly until: number;
}

export interface FoundPacket extends Between {
  readonly kind: "packet";
  readonly packet: Packet;
}

/** Nothing but the rest of a sub-buffer to give back: it holds no record that was not read. */
export interface FoundPadding extends Between {
  readonly kind: "padding";
}

/** Something to be given back. */
export type FoundRange = FoundPacket | FoundPadding;

/**
 * What a look finds. `empty`: nothing to read now; `moved`: the writer has pushed the reader on
 * meanwhile, look again; `corrupt`: words that make no sense.
 */
export type Found =
  | FoundRange
  | { readonly kind: "empty" }
  | { readonly kind: "moved" }
  | { readonly kind: "corrupt" };

const EMPTY: Found = { kind: "empty" };
const MOVED: Found = { kind: "moved" };
const CORRUPT: Found = { kind: "corrupt" };

/** Looks at a ring, and remembers of it what only grows. */
export class RingLooker {
  readonly ring: Ring;
  readonly #host: LookHost;
  /** Highest offset seen (I1). */
  #offset = 0;
  /** Where the reader stopped, and the records before that in its sub-buffer; -1: not known. */
  #stopped = { at: 0, records: 0 };

  constructor(ring: Ring, host: LookHost) {
    this.ring = ring;
    this.#host = host;
  }

  look(look: Look): Found {
    const { ring } = this;
    // Before offset: no packet that is found later may tell fewer (babeltrace2 refuses that).
    const lost = ring.discarded;
    const { offset } = ring;
    const wrong = this.#checkPositions(look.at, offset);
    if (wrong) return wrong;
    if (look.at === offset) return EMPTY;
    const until = ring.beginOf(look.at) + ring.geometry.subbufBytes;
    if (offset < until) return look.partial ? this.#open(look, offset, lost) : EMPTY;
    return this.#closed(look, until, until === offset ? lost : 0);
  }

  /** Notes that what was found was given back to the writer. */
  consumed(found: FoundRange): void {
    const { at, until } = found;
    // Where another reader stopped within a sub-buffer, only walking tells what it left.
    const before = this.#isBegin(at) ? 0 : this.#stopped.at === at ? this.#stopped.records : -1;
    const read = found.kind === "packet" ? found.packet.records : -1;
    const records = before < 0 || read < 0 ? before : before + read;
    this.#stopped = { at: until, records: this.#isBegin(until) ? 0 : records };
  }

  #checkPositions(at: number, offset: number): Found | undefined {
    const { subbufBytes, subbufCount } = this.ring.geometry;
    if (offset > POSITION_MAX || offset < this.#offset) return CORRUPT;
    if (offset % 4 !== 0 || at % 4 !== 0) return CORRUPT;
    const distance = offset - at;
    if (distance >= 0 && distance <= subbufBytes * subbufCount) {
      this.#offset = offset;
      return undefined;
    }
    // A push between the two loads explains a distance that is too large, and nothing else does.
    return distance > 0 ? this.#movedOrCorrupt(at) : CORRUPT;
  }

  /** A sub-buffer that the writer has left: its entry tells all. */
  #closed({ at, copying, floor, declared }: Look, until: number, lost: number): Found {
    const { ring } = this;
    const { subbufBytes, cpu } = ring.geometry;
    const start = until - subbufBytes;
    const entry = ring.entry(start);
    const next = ring.entry(until);
    const end = ring.closedAt(start);
    const discardedThen = ring.discardedThen(start);
    const stop = start + entry.contentEnd;
    const own = entry.begin === start && next.begin === until;
    const sane = own && entry.contentEnd < subbufBytes && entry.contentEnd % 4 === 0;
    if (!sane || stop < at) return this.#movedOrCorrupt(at);
    if (stop === at) return { kind: "padding", at, until };
    const bytes = ring.bytes(at, stop, copying);
    if (copying && this.#movedFrom(at)) return MOVED;
    if (bytes.length < RECORD_HEADER_BYTES) return CORRUPT;
    const records = this.#recordsLeft(at, next.records - entry.records, bytes);
    const low = copying ? lowTimeAt(viewOf(bytes), 0) : lowTimeAt(ring.view, ring.placeOf(at));
    const begin = timeUntil(low, end);
    if (records <= 0 || records * RECORD_HEADER_BYTES > bytes.length) return CORRUPT;
    if (begin < floor || begin > end) return CORRUPT;
    // The last packet before an empty ring tells all losses: no later one may come to do it.
    const discarded = Math.max(lost, discardedThen);
    if (discarded < declared) return CORRUPT;
    const told = this.#host.withTexts(bytes);
    if (!told) return CORRUPT;
    const packet: Packet = { cpu, begin, end, records, discarded, partial: false, bytes: told };
    return { kind: "packet", at, until, packet };
  }

  /** The sub-buffer that is being written: what is below `offset` is complete all the same. */
  #open({ at, copying, floor, declared }: Look, offset: number, discarded: number): Found {
    const bytes = this.ring.bytes(at, offset, copying);
    if (copying && this.#movedFrom(at)) return MOVED;
    const view = viewOf(bytes);
    const now = this.#host.now();
    const walked = walkRecords(view, 0, bytes.length, this.#host.findSizer, now);
    if (!walked) return this.#movedOrCorrupt(at);
    const begin = timeUntil(lowTimeAt(view, 0), now);
    if (begin < floor || discarded < declared) return CORRUPT;
    const { cpu } = this.ring.geometry;
    const { records, last: end } = walked;
    const told = this.#host.withTexts(bytes);
    if (!told) return CORRUPT;
    const packet: Packet = { cpu, begin, end, records, discarded, partial: true, bytes: told };
    return { kind: "packet", at, until: offset, packet };
  }

  /** Records from `at` to the end of a closed sub-buffer that holds `all`. */
  #recordsLeft(at: number, all: number, bytes: Uint8Array): number {
    if (this.#isBegin(at)) return all;
    const { at: stopped, records } = this.#stopped;
    if (stopped === at && records >= 0) return all - records;
    const { findSizer, now } = this.#host;
    return walkRecords(viewOf(bytes), 0, bytes.length, findSizer, now())?.records ?? -1;
  }

  #isBegin(position: number): boolean {
    return this.ring.beginOf(position) === position;
  }

  #movedOrCorrupt(at: number): Found {
    return this.#movedFrom(at) ? MOVED : CORRUPT;
  }

  /** True when the writer has pushed the reader on from `at`: what was read there is void (I6). */
  #movedFrom(at: number): boolean {
    // What was copied was loaded plainly: no such load may be done after the one below. Pairs with
    // the fence in enterSubbuf of the hypervisor's switch.ts.
    this.#host.fence();
    return this.ring.consumed > at;
  }
}
