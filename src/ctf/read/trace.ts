// A whole trace, read: what its metadata says, and its records in the order of time.

import type { TraceEntry } from "../../trace/entry.js";
import { mergeStreams, type TraceStream } from "../../trace/merge.js";
import type { TraceSource } from "../../trace/source.js";
import type { PacketHeader } from "../packet.js";
import { formatUuid } from "../uuid.js";
import { type PacketStream, traceStream } from "./entries.js";
import type { LoadedFacility, TraceMetadata } from "./metadata.js";
import { decodePacket, type EventTable } from "./records.js";
import { readSchema } from "./schema.js";
import { type LocatedPacket, scanStream } from "./stream.js";

/** A trace that can be read. */
export interface TraceReader extends TraceSource {
  readonly metadata: TraceMetadata;
  readonly facilities: readonly LoadedFacility[];
  /** All records and losses in the order of time, see `mergeStreams`. Each call begins anew. */
  entries(): Generator<TraceEntry, void, void>;
}

/** Which trace a stream is of. */
export interface StreamContext {
  /** UUID of the trace as text. */
  readonly uuid: string;
  readonly events: EventTable;
}

/**
 * A stream of `size` bytes; `read` returns the `length` bytes at `at`. Throws what
 * `scanStream` and `decodePacket` do, and a TypeError for packets of another trace.
 */
export function packetStream(
  read: (at: number, length: number) => Uint8Array,
  size: number,
  { uuid, events }: StreamContext,
): PacketStream<LocatedPacket> {
  return {
    packets: ofTrace(scanStream(read, size), uuid),
    records: (packet) =>
      explainedEach(
        () => decodePacket(read(packet.at, packet.contentBytes), events),
        (error) => named(`packet at byte ${packet.at}`, error),
      ),
  };
}

/**
 * The packets, if the first one is of that trace: the others are of the same, by `scanStream`. Throws a
 * TypeError otherwise.
 */
export function* ofTrace(packets: Iterable<LocatedPacket>, uuid: string): Generator<LocatedPacket> {
  for (const packet of packets) {
    const own = packet.at > 0 || formatUuid(packet.uuid) === uuid;
    if (!own) throw new TypeError(`packet at byte 0: its uuid is another trace's`);
    yield packet;
  }
}

/** The stream, with what `explain` makes of its errors. */
export function explainedStream<P extends PacketHeader>(
  stream: PacketStream<P>,
  explain: (error: unknown) => unknown,
): PacketStream<P> {
  return {
    packets: explainedEach(() => stream.packets, explain),
    records: (packet) => explainedEach(() => stream.records(packet), explain),
  };
}

/** The items, with what `explain` makes of the errors of making and of reading them. */
export function* explainedEach<T>(
  items: () => Iterable<T>,
  explain: (error: unknown) => unknown,
): Generator<T> {
  try {
    yield* items();
  } catch (error) {
    throw explain(error);
  }
}

function named(name: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const message = `${name}: ${error.message}`;
  return error instanceof TypeError
    ? new TypeError(message, { cause: error })
    : new RangeError(message, { cause: error });
}

/**
 * Opens a trace whose files are in memory: by their names, as `TraceFiles` makes them. Throws a
 * TypeError for metadata that is missing or makes no sense, and a RangeError when two events claim
 * one number; `entries` what `packetStream` throws, naming the file.
 */
export function openTraceFiles(files: Iterable<readonly [string, Uint8Array]>): TraceReader {
  const contents = new Map(files);
  const bytes = contents.get("metadata");
  if (!bytes) throw new TypeError("trace: there is no file called metadata");
  contents.delete("metadata");
  const { metadata, facilities, schema, events } = readSchema(new TextDecoder().decode(bytes));
  const context = { uuid: metadata.uuid, events };
  const streams = Array.from(contents, ([name, all]): TraceStream => {
    const read = (at: number, length: number) => all.subarray(at, at + length);
    return traceStream({ name }, () =>
      explainedStream(packetStream(read, all.length, context), (error) => named(name, error)),
    );
  });
  return { metadata, facilities, schema, streams, entries: () => mergeStreams(streams) };
}
