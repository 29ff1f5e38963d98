// The entries of a stream: what its packets hold, and what they say was lost.

import type { TraceEntry } from "../../trace/entry.js";
import type { StreamInfo, TraceStream } from "../../trace/merge.js";
import type { PacketHeader } from "../packet.js";
import type { DecodedRecord } from "./records.js";

/** One CPU's packets in order, and how to decode one. */
export interface PacketStream<P extends PacketTold = PacketHeader> {
  /** As `scanStream` yields them. */
  readonly packets: Iterable<P>;
  /** The packet's records, as `decodePacket` yields them. Called when a reader has come to it. */
  records(packet: P): Iterable<DecodedRecord>;
}

/** What there is to know of a packet besides its records. */
export type PacketTold = Pick<PacketHeader, "cpu" | "discarded" | "timestampEnd">;

/** What a stream has told by the end of a packet. */
export interface Told {
  discarded: number;
  /** Nanoseconds since boot: the end of the packet; undefined before the first one. */
  end: bigint | undefined;
}

/**
 * The entries of one CPU's packets, in order; one packet is held. A packet's loss comes after its records: the
 * stream lost them after the end of the packet before.
 * @param told what the stream has told by now; kept up to date
 */
export function* entriesOf<P extends PacketTold>(
  { packets, records }: PacketStream<P>,
  told: Told = { discarded: 0, end: undefined },
): Generator<TraceEntry, void, void> {
  for (const packet of packets) {
    const { cpu, discarded, timestampEnd } = packet;
    for (const { event, eventClass, timestamp, fields } of records(packet)) {
      yield { kind: "record", cpu, event, eventClass, timestamp, fields };
    }
    const lost = discarded - told.discarded;
    const since = told.end;
    told.discarded = discarded;
    told.end = timestampEnd;
    if (lost > 0) yield { kind: "loss", cpu, records: lost, timestamp: timestampEnd, since };
  }
}

/** The packets as a stream of the neutral model; `open` is called for each reading. */
export function traceStream<P extends PacketTold>(
  info: StreamInfo,
  open: () => PacketStream<P>,
): TraceStream {
  return {
    info,
    *entries() {
      yield* entriesOf(open());
    },
  };
}
