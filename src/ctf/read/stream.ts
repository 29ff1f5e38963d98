// Walks the packets of a stream file, and sums them up. Knows no file system: the caller reads.

import { decodePacketHeader, PACKET_HEADER_BYTES, type PacketHeader } from "../packet.js";

/** A packet's header and where the packet begins in its stream, in bytes. */
export interface LocatedPacket extends PacketHeader {
  readonly at: number;
}

/** A stream ends within a packet: its writer was killed while it wrote, or the file was cut off. */
export class TornPacketError extends RangeError {
  /** Where the packet begins: what comes before are whole packets. */
  readonly at: number;

  constructor(at: number, message: string) {
    super(message);
    this.name = "TornPacketError";
    this.at = at;
  }
}

/**
 * The packets of a stream of `size` bytes, in order. `read` returns the `length` bytes at `at`;
 * only headers are read. Throws a TornPacketError when the last packet is cut off, and a RangeError or
 * TypeError naming the position when a packet makes no sense, belongs to another trace, or contradicts
 * the one before: time, sequence and discarded count never go backwards, and the CPU stays the same.
 * Each step moves on by a header at least, so the number of steps is bounded by the size.
 */
export function* scanStream(
  read: (at: number, length: number) => Uint8Array,
  size: number,
): Generator<LocatedPacket, void, void> {
  let previous: LocatedPacket | undefined;
  let at = 0;
  while (at < size) {
    const where = `packet at byte ${at}`;
    if (size - at < PACKET_HEADER_BYTES) {
      throw new TornPacketError(
        at,
        `${where}: truncated: ${size - at} bytes, a header has ${PACKET_HEADER_BYTES}`,
      );
    }
    const bytes = read(at, PACKET_HEADER_BYTES);
    if (bytes.length < PACKET_HEADER_BYTES) {
      throw new RangeError(`${where}: only ${bytes.length} bytes of its header could be read`);
    }
    const packet = { ...headerOf(bytes, where), at };
    if (packet.packetBytes > size - at) {
      throw new TornPacketError(
        at,
        `${where}: truncated: ${size - at} bytes, the packet has ${packet.packetBytes}`,
      );
    }
    if (previous) checkOrder(where, previous, packet);
    yield packet;
    previous = packet;
    at += packet.packetBytes;
  }
}

/** Decodes a header that was read on its own, and says where it stood in the stream. */
function headerOf(bytes: Uint8Array, where: string): PacketHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return decodePacketHeader(view, 0);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const message = error.message.replace("packet at byte 0", where);
    throw error instanceof TypeError
      ? new TypeError(message, { cause: error })
      : new RangeError(message, { cause: error });
  }
}

function checkOrder(where: string, before: LocatedPacket, packet: LocatedPacket): void {
  if (packet.uuid.some((byte, i) => byte !== before.uuid[i])) {
    throw new TypeError(`${where}: its uuid is another trace's`);
  }
  if (packet.cpu !== before.cpu) {
    throw new RangeError(`${where}: CPU ${packet.cpu} in the stream of CPU ${before.cpu}`);
  }
  if (packet.timestampBegin < before.timestampEnd) {
    throw new RangeError(
      `${where}: begins at ${packet.timestampBegin} ns, before the last one's end at ${before.timestampEnd}`,
    );
  }
  if (packet.sequence <= before.sequence) {
    throw new RangeError(`${where}: sequence ${packet.sequence} after ${before.sequence}`);
  }
  if (packet.discarded < before.discarded) {
    throw new RangeError(`${where}: ${packet.discarded} discarded, after ${before.discarded}`);
  }
}

/** Totals of one stream or of several. */
export interface Totals {
  readonly packets: number;
  readonly records: number;
  /** Records lost, by the count of each stream's last packet. */
  readonly discarded: number;
  /** Bytes of the packets, headers and padding included. */
  readonly bytes: number;
  /** Nanoseconds since boot; undefined when there is no packet. */
  readonly begin: bigint | undefined;
  readonly end: bigint | undefined;
}

export interface StreamSummary extends Totals {
  readonly name: string;
  /** Undefined when there is no packet. */
  readonly cpu: number | undefined;
}

export interface TraceSummary {
  readonly streams: readonly StreamSummary[];
  readonly total: Totals;
}

/** Sums up streams, each a name and its packets as `scanStream` yields them; its errors pass. */
export function summarize(
  streams: Iterable<{ readonly name: string; readonly packets: Iterable<PacketHeader> }>,
): TraceSummary {
  const summaries = Array.from(streams, ({ name, packets }) => summarizeStream(name, packets));
  let total: Totals = {
    packets: 0,
    records: 0,
    discarded: 0,
    bytes: 0,
    begin: undefined,
    end: undefined,
  };
  for (const s of summaries) {
    total = {
      packets: total.packets + s.packets,
      records: total.records + s.records,
      discarded: total.discarded + s.discarded,
      bytes: total.bytes + s.bytes,
      begin: extreme(total.begin, s.begin, (a, b) => a < b),
      end: extreme(total.end, s.end, (a, b) => a > b),
    };
  }
  return { streams: summaries, total };
}

function extreme(
  a: bigint | undefined,
  b: bigint | undefined,
  first: (a: bigint, b: bigint) => boolean,
): bigint | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return first(a, b) ? a : b;
}

function summarizeStream(name: string, packets: Iterable<PacketHeader>): StreamSummary {
  let count = 0;
  let records = 0;
  let bytes = 0;
  let begin: bigint | undefined;
  let last: PacketHeader | undefined;
  for (const packet of packets) {
    count += 1;
    records += packet.records;
    bytes += packet.packetBytes;
    begin ??= packet.timestampBegin;
    last = packet;
  }
  return {
    name,
    cpu: last?.cpu,
    packets: count,
    records,
    discarded: last?.discarded ?? 0,
    bytes,
    begin,
    end: last?.timestampEnd,
  };
}
