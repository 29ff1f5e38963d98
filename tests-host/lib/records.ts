// Packets and records as a test looks at them.

import {
  type DecodedRecord,
  decodePacket,
  encodePacketHeader,
  type LoadedFacility,
  PACKET_HEADER_BYTES,
} from "../../src/ctf/index.js";
import type { CpuInfo, Dom0, Packet, Trace } from "../../src/index.js";

/** A packet whose bytes stay. */
export function keep(packet: Packet): Packet {
  return { ...packet, bytes: packet.bytes.slice() };
}

/** Consumes what is there, and keeps it. */
export function drained(trace: Trace, options?: { partial?: boolean }): Packet[] {
  const packets: Packet[] = [];
  trace.drain((packet) => packets.push(keep(packet)), options);
  return packets;
}

/** A packet with the header that dom0 would put in front of it. */
export function withHeader(packet: Packet): Uint8Array {
  const length = PACKET_HEADER_BYTES + packet.bytes.length;
  const bytes = new Uint8Array(length);
  encodePacketHeader(bytes, {
    uuid: new Uint8Array(16),
    timestampBegin: packet.begin,
    timestampEnd: packet.end,
    contentBytes: length,
    packetBytes: length,
    sequence: 0,
    discarded: packet.discarded,
    cpu: packet.cpu,
    records: packet.records,
  });
  bytes.set(packet.bytes, PACKET_HEADER_BYTES);
  return bytes;
}

/** All records of the packets. Throws where a packet does not hold what it says. */
export function decode(
  facilities: Iterable<LoadedFacility> | Dom0,
  packets: readonly Packet[],
): DecodedRecord[] {
  const table = Symbol.iterator in facilities ? facilities : facilities.facilities();
  return packets.flatMap((packet) => [...decodePacket(withHeader(packet), table)]);
}

/** The records of one facility, or one event, without their times. */
export function fieldsOf(
  records: readonly DecodedRecord[],
  prefix: string,
): Record<string, unknown>[] {
  return records
    .filter(({ event }) => event === prefix || event.startsWith(`${prefix}:`))
    .map(({ fields }) => fields);
}

/** The info of one CPU. Throws an Error when it has no buffer. */
export function cpuInfo(trace: Trace, cpu: number): CpuInfo {
  const info = trace.info().cpus.find((each) => each.cpu === cpu);
  if (!info) throw new Error(`CPU ${cpu} has no buffer in ${trace.name}`);
  return info;
}

/** Records that a CPU has lost, for whatever cause. */
export function lostOf({ discardedFull, discardedBig, overwritten }: CpuInfo): number {
  return discardedFull + discardedBig + overwritten;
}

/** Records that are in the buffer, by the counts of the hypervisor. */
export function stillOf({ records, taken, overwritten }: CpuInfo): number {
  return records - taken - overwritten;
}
