// All CPUs' records in the order of time. Streams are read as far as the merge has come: of each, one
// packet is held.

import type { PacketHeader } from "./packet.js";
import type { DecodedRecord } from "./read/records.js";

/** A stream to be merged with others: one CPU's packets in order, and how to decode one. */
export interface PacketStream<P extends PacketHeader = PacketHeader> {
  /** As `scanStream` yields them. */
  readonly packets: Iterable<P>;
  /** The packet's records, as `decodePacket` yields them. Called when the merge has come to it. */
  records(packet: P): Iterable<DecodedRecord>;
}

/** A record, and the CPU that it was recorded on. */
export interface RecordEntry extends DecodedRecord {
  readonly kind: "record";
  readonly cpu: number;
}

/**
 * Records that a CPU lost: after the end of its packet before, and before its next record. In overwrite
 * mode those that were overwritten are among them.
 */
export interface LossEntry {
  readonly kind: "loss";
  readonly cpu: number;
  /** How many. */
  readonly records: number;
  /** Nanoseconds since boot: the end of the packet that tells of it. */
  readonly timestamp: bigint;
  /** Nanoseconds since boot: the end of the packet before; undefined in the stream's first one. */
  readonly since: bigint | undefined;
}

export type TraceEntry = RecordEntry | LossEntry;

/**
 * Merges streams into the order of time. Entries of one time come in the order of their CPUs, those of
 * one stream in its own order. What the streams throw passes, after the entries before it; they are
 * closed whichever way the merge ends.
 */
export function* mergeStreams<P extends PacketHeader>(
  streams: Iterable<PacketStream<P>>,
): Generator<TraceEntry, void, void> {
  const heads: Head[] = [];
  const all = Array.from(streams, (stream) => entriesOf(stream));
  try {
    for (const [index, rest] of all.entries()) {
      const { done, value } = rest.next();
      if (!done) heads.push({ entry: value, index, rest });
    }
    for (let i = heads.length >> 1; i >= 0; i--) siftDown(heads, i);
    for (let head = heads[0]; head; head = heads[0]) {
      yield head.entry;
      const { done, value } = head.rest.next();
      if (!done) head.entry = value;
      else {
        const last = heads.pop();
        if (last && heads.length > 0) heads[0] = last;
      }
      siftDown(heads, 0);
    }
  } finally {
    for (const rest of all) rest.return();
  }
}

/** A stream's next entry, and those after it. */
interface Head {
  entry: TraceEntry;
  /** The stream's place among the streams. */
  readonly index: number;
  readonly rest: Generator<TraceEntry, void, void>;
}

/** The entries of one stream. */
function* entriesOf<P extends PacketHeader>({
  packets,
  records,
}: PacketStream<P>): Generator<TraceEntry, void, void> {
  let told = 0;
  let since: bigint | undefined;
  for (const packet of packets) {
    const { cpu, discarded, timestampEnd } = packet;
    for (const { event, definition, timestamp, fields } of records(packet)) {
      yield { kind: "record", cpu, event, definition, timestamp, fields };
    }
    if (discarded > told) {
      yield { kind: "loss", cpu, records: discarded - told, timestamp: timestampEnd, since };
    }
    told = discarded;
    since = timestampEnd;
  }
}

function isBefore(a: Head, b: Head): boolean {
  if (a.entry.timestamp !== b.entry.timestamp) return a.entry.timestamp < b.entry.timestamp;
  return a.entry.cpu === b.entry.cpu ? a.index < b.index : a.entry.cpu < b.entry.cpu;
}

/** Moves the head at `at` of a binary heap down to its place. */
function siftDown(heads: Head[], at: number): void {
  const moved = heads[at];
  if (!moved) return;
  for (let i = at; ; ) {
    const left = heads[2 * i + 1];
    const right = heads[2 * i + 2];
    const first = left && right && isBefore(right, left) ? right : left;
    if (!first || !isBefore(first, moved)) {
      heads[i] = moved;
      return;
    }
    heads[i] = first;
    i = first === left ? 2 * i + 1 : 2 * i + 2;
  }
}
