// The headers of a trace's packets, as each stream goes on.

import { encodePacketHeader, PACKET_HEADER_BYTES } from "../packet.js";
import { parseUuid } from "../uuid.js";

/** Records of one CPU as dom0 reads them: a `Packet`. */
export interface RecordedPacket {
  readonly cpu: number;
  readonly begin: bigint;
  readonly end: bigint;
  readonly records: number;
  readonly discarded: number;
  readonly bytes: Uint8Array;
}

/** What a stream has come to. */
export interface StreamState {
  readonly packets: number;
  readonly discarded: number;
  readonly end: bigint;
}

export class PacketHeaders {
  readonly #uuid: Uint8Array;
  readonly #streams = new Map<number, StreamState>();
  readonly #bytes = new Uint8Array(PACKET_HEADER_BYTES);

  /** Throws a TypeError for a text that is no UUID. */
  constructor(uuid: string) {
    this.#uuid = parseUuid(uuid);
  }

  /** The header of the next packet of a CPU's stream, good until the next call. Throws a RangeError. */
  next(packet: RecordedPacket): Uint8Array {
    const { cpu, discarded, records } = packet;
    const packets = this.#streams.get(cpu)?.packets ?? 0;
    const bytes = PACKET_HEADER_BYTES + packet.bytes.length;
    encodePacketHeader(this.#bytes, {
      uuid: this.#uuid,
      timestampBegin: packet.begin,
      timestampEnd: packet.end,
      contentBytes: bytes,
      packetBytes: bytes,
      sequence: packets,
      discarded,
      cpu,
      records,
    });
    this.#streams.set(cpu, { packets: packets + 1, discarded, end: packet.end });
    return this.#bytes;
  }

  /** After the last packet of a CPU's stream; undefined before the first one. */
  state(cpu: number): StreamState | undefined {
    return this.#streams.get(cpu);
  }
}
