// All that a ring holds, at once: of a live one, whose writer goes on meanwhile, or of a copy of its
// memory, which needs no hypervisor.

import { COUNT_MAX, Ring, type RingGeometry, type RingViews } from "../memory/ring.js";
import type { Packet } from "./packet.js";
import type { FindSizer } from "./record-walk.js";
import { POSITION_MAX, RingLooker } from "./ring-look.js";

/** Looks at a ring whose writer keeps moving before this turn is given up. */
export const TRIES = 64;

/** What a ring holds. */
export interface DecodedRing {
  readonly cpu: number;
  /**
   * Copies, in order. `discarded` of each tells what is missing before it: a writer that overtakes leaves
   * holes.
   */
  readonly packets: readonly Packet[];
  /** The ring's words made no sense from some place on: what was read before that stands. */
  readonly corrupt: boolean;
}

/** What is to be known of the records in a ring, beside its bytes. */
export interface DecodeOptions {
  readonly findSizer: FindSizer;
  /** As `FacilityTable.withTexts`. Default: records stay as they are. */
  readonly withTexts?: (bytes: Uint8Array) => Uint8Array | undefined;
  /** A time that no record is after, and none is 52 days before: nanoseconds since boot. */
  readonly until: bigint;
}

/**
 * Decodes a ring that nobody writes to: one in a copy of a hypervisor's memory. Bounded, whatever the
 * bytes say. Throws TraceError `corrupt` when the views are too small for the geometry; bytes that make
 * no sense come out as `corrupt`.
 */
export function decodeRing(
  views: RingViews,
  geometry: RingGeometry,
  { findSizer, withTexts = (bytes) => bytes, until }: DecodeOptions,
): DecodedRing {
  const host = { findSizer, withTexts, now: () => until, fence: () => {} };
  return takeAll(new RingLooker(new Ring(geometry, views), host), { floor: 0n, declared: 0 });
}

/**
 * All that is in a ring now, copied, without giving anything back.
 * @param told no record is before `floor`, and no packet tells fewer losses than `declared`
 */
export function takeAll(
  looker: RingLooker,
  told: { readonly floor: bigint; readonly declared: number },
): DecodedRing {
  const { ring } = looker;
  const { cpu, mode, subbufCount } = ring.geometry;
  const packets: Packet[] = [];
  let at = ring.consumed;
  // Only then: a writer may go round between the two.
  let stop = ring.offset;
  /** What the packets hold, and what the last of them told: records lost, and its end time. */
  let records = 0;
  let declared = 0;
  let { floor } = told;
  const end = (corrupt: boolean): DecodedRing => ({ cpu, packets, corrupt });
  if (at > stop || stop > POSITION_MAX) return end(true);
  const triesMax = TRIES + 2 * subbufCount;
  for (let tries = 0; tries < triesMax && at < stop; tries++) {
    const before = mode === "overwrite" ? publishedBefore(looker, at) : 0;
    const found = looker.look({
      at,
      partial: true,
      copying: true,
      floor,
      declared: told.declared,
    });
    if (found.kind === "empty") break;
    if (found.kind === "moved") {
      // A writer that is this fast has newer records by now than when this began.
      at = Math.max(at, ring.consumed);
      stop = ring.offset;
      continue;
    }
    // The look has found that the writer had not come here: what was read before it holds.
    const overwritten = mode === "overwrite" ? before - ring.taken - records : 0;
    if (found.kind === "corrupt" || overwritten < 0) return end(true);
    if (found.kind === "packet") {
      const discarded = found.packet.discarded + Math.min(overwritten, COUNT_MAX);
      if (discarded < declared) return end(true);
      packets.push({ ...found.packet, discarded });
      records += found.packet.records;
      declared = discarded;
      floor = found.packet.end;
    }
    at = found.until;
  }
  // What was pushed meanwhile was copied before it was overwritten: each look has checked that.
  return end(false);
}

/**
 * Records published before position `at`, in overwrite mode. Within a sub-buffer only a consume can have
 * put the reader there: what was published before that was either taken or overwritten.
 */
function publishedBefore({ ring }: RingLooker, at: number): number {
  if (ring.beginOf(at) === at) return ring.entry(at).records;
  return ring.taken + ring.overwritten;
}
