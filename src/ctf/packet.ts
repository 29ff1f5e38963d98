// The header that dom0 puts in front of a packet's records: CTF's packet header and context as
// metadata.ts declares them. Little-endian, 80 bytes, no padding:
//
//    0  magic u32  uuid[16]  stream_id u32
//   24  timestamp_begin u64  timestamp_end u64          nanoseconds since boot
//   40  content_size u64  packet_size u64               bits, header included
//   56  packet_seq_num u64  events_discarded u64        the latter counts from the stream's start
//   72  cpu_id u32  records u32

export const PACKET_HEADER_BYTES = 80;

const U64 = 1n << 64n;

/** First word of each packet (CTF 1.8, 5.1). */
export const CTF_MAGIC = 0xc1fc1fc1;

/** One packet's header. Sizes are in bytes and hold the header itself. */
export interface PacketHeader {
  /** UUID of the trace, 16 bytes. */
  readonly uuid: Uint8Array;
  /** Nanoseconds since boot; no record of the packet is earlier. */
  readonly timestampBegin: bigint;
  /** Nanoseconds since boot; no record of the packet is later. */
  readonly timestampEnd: bigint;
  /** Header and records. */
  readonly contentBytes: number;
  /** Content and padding: the next packet begins this many bytes further on. */
  readonly packetBytes: number;
  /** Counts the packets of the stream. */
  readonly sequence: number;
  /** Records that the stream has lost by the end of this packet, counted from its start. */
  readonly discarded: number;
  readonly cpu: number;
  /** Records in this packet. */
  readonly records: number;
}

/**
 * Writes a header to the first 80 bytes of `out`. Throws a RangeError naming the value that cannot
 * be written, or that readers would refuse; nothing is written then.
 */
export function encodePacketHeader(out: Uint8Array, header: PacketHeader): void {
  if (out.length < PACKET_HEADER_BYTES) {
    throw new RangeError(`packet header: ${out.length} bytes of room, not ${PACKET_HEADER_BYTES}`);
  }
  if (header.uuid.length !== 16) {
    throw new RangeError(`packet header: uuid has ${header.uuid.length} bytes, not 16`);
  }
  checkHeader("packet header", header);
  checkU32("cpu", header.cpu);
  checkU32("records", header.records);
  const view = new DataView(out.buffer, out.byteOffset, PACKET_HEADER_BYTES);
  view.setUint32(0, CTF_MAGIC, true);
  out.set(header.uuid, 4);
  view.setUint32(20, 0, true);
  view.setBigUint64(24, header.timestampBegin, true);
  view.setBigUint64(32, header.timestampEnd, true);
  setBits(view, 40, header.contentBytes);
  setBits(view, 48, header.packetBytes);
  setCount(view, 56, header.sequence);
  setCount(view, 64, header.discarded);
  view.setUint32(72, header.cpu, true);
  view.setUint32(76, header.records, true);
}

/** A number of up to 53 bits as a u64, in halves: that takes no bigint. */
function setCount(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true);
  view.setUint32(at + 4, value / 2 ** 32, true);
}

/** A number of bytes as bits. */
function setBits(view: DataView, at: number, bytes: number): void {
  view.setUint32(at, bytes << 3, true);
  view.setUint32(at + 4, bytes / 2 ** 29, true);
}

/**
 * The header at `at`. The bytes are not trusted. Throws a TypeError if it is no packet of this
 * package, and a RangeError if a value makes no sense, naming the value and the position. Whether
 * the packet itself is all there is not looked at.
 */
export function decodePacketHeader(view: DataView, at: number): PacketHeader {
  const where = `packet at byte ${at}`;
  if (!(at >= 0 && at + PACKET_HEADER_BYTES <= view.byteLength)) {
    throw new RangeError(
      `${where}: ${Math.max(view.byteLength - at, 0)} bytes, a header has ${PACKET_HEADER_BYTES}`,
    );
  }
  const magic = view.getUint32(at, true);
  if (magic !== CTF_MAGIC) {
    throw new TypeError(
      `${where}: magic is 0x${magic.toString(16)}, not 0x${CTF_MAGIC.toString(16)}`,
    );
  }
  const stream = view.getUint32(at + 20, true);
  if (stream !== 0) throw new TypeError(`${where}: stream_id is ${stream}, not 0`);
  const header: PacketHeader = {
    uuid: new Uint8Array(view.buffer, view.byteOffset + at + 4, 16).slice(),
    timestampBegin: view.getBigUint64(at + 24, true),
    timestampEnd: view.getBigUint64(at + 32, true),
    contentBytes: bytesOf(`${where}: content_size`, view.getBigUint64(at + 40, true)),
    packetBytes: bytesOf(`${where}: packet_size`, view.getBigUint64(at + 48, true)),
    sequence: Number(view.getBigUint64(at + 56, true)),
    discarded: Number(view.getBigUint64(at + 64, true)),
    cpu: view.getUint32(at + 72, true),
    records: view.getUint32(at + 76, true),
  };
  checkHeader(where, header);
  return header;
}

function bytesOf(what: string, bits: bigint): number {
  if (bits % 8n !== 0n) throw new RangeError(`${what}: ${bits} bits are not whole bytes`);
  return Number(bits / 8n);
}

function checkU32(name: string, value: number): void {
  if (value >>> 0 === value) return;
  throw new RangeError(`packet header: ${name}: ${value} is not a u32`);
}

function checkCount(where: string, name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 0) return;
  throw new RangeError(`${where}: ${name}: ${value} is not an integer of 0 to 2^53 - 1`);
}

/** What both directions ask of a header. */
function checkHeader(where: string, header: PacketHeader): void {
  checkCount(where, "contentBytes", header.contentBytes);
  checkCount(where, "packetBytes", header.packetBytes);
  checkCount(where, "sequence", header.sequence);
  checkCount(where, "discarded", header.discarded);
  const { contentBytes, packetBytes, timestampBegin, timestampEnd } = header;
  if (contentBytes < PACKET_HEADER_BYTES) {
    throw new RangeError(`${where}: content of ${contentBytes} bytes is less than its header`);
  }
  if (contentBytes > packetBytes) {
    throw new RangeError(
      `${where}: content of ${contentBytes} bytes in a packet of ${packetBytes}`,
    );
  }
  if (timestampBegin < 0n || timestampEnd < timestampBegin || timestampEnd >= U64) {
    throw new RangeError(`${where}: time from ${timestampBegin} to ${timestampEnd} ns`);
  }
}
