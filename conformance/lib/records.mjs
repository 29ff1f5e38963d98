// Packets and records as checks look at them.

import { decodePacket, encodePacketHeader, PACKET_HEADER_BYTES } from "tbuf/ctf";
import { equal, ok } from "./assert.mjs";

const NO_UUID = new Uint8Array(16);

/** A packet with the header that a file would have in front of it. */
export function withHeader(packet, { uuid = NO_UUID, sequence = 0 } = {}) {
  const length = PACKET_HEADER_BYTES + packet.bytes.length;
  const bytes = new Uint8Array(length);
  encodePacketHeader(bytes, {
    uuid,
    timestampBegin: packet.begin,
    timestampEnd: packet.end,
    contentBytes: length,
    packetBytes: length,
    sequence,
    discarded: packet.discarded,
    cpu: packet.cpu,
    records: packet.records,
  });
  bytes.set(packet.bytes, PACKET_HEADER_BYTES);
  return bytes;
}

/** Consumes what is there, and keeps copies. */
export function drained(trace, options) {
  const packets = [];
  trace.drain((packet) => packets.push({ ...packet, bytes: packet.bytes.slice() }), options);
  return packets;
}

/** All records, in the packets' order. Throws where a packet does not hold what it says. */
export function decode(dom0, packets) {
  return packets.flatMap((packet) =>
    [...decodePacket(withHeader(packet), dom0.facilities())].map((record) => ({
      ...record,
      cpu: packet.cpu,
    })),
  );
}

/** Consumes and decodes. */
export function read(dom0, trace) {
  return decode(dom0, drained(trace));
}

/** The fields of the records of one event. */
export function fieldsOf(records, event) {
  return records.filter((record) => record.event === event).map(({ fields }) => fields);
}

export function cpuInfo(trace, cpu) {
  const info = trace.info().cpus.find((each) => each.cpu === cpu);
  ok(info, `CPU ${cpu} has no buffer`);
  return info;
}

/** I7: of the records that CPU `cpu` has attempted, each is in exactly one account. */
export function checkAccounts(trace, cpu, attempted) {
  const info = cpuInfo(trace, cpu);
  const { records, taken, discardedFull, discardedBig, overwritten } = info;
  equal(records + discardedFull + discardedBig, attempted, "published and discarded");
  const still = trace
    .snapshot()
    .filter((packet) => packet.cpu === cpu)
    .reduce((sum, packet) => sum + packet.records, 0);
  equal(taken + still + overwritten, records, "taken, still there and overwritten");
  return { ...info, still };
}

/** I8: within each CPU time never goes back. */
export function checkOrder(records) {
  const last = new Map();
  for (const { cpu, timestamp, event } of records) {
    ok(timestamp >= (last.get(cpu) ?? 0n), `CPU ${cpu}: ${event} at ${timestamp} goes back`);
    last.set(cpu, timestamp);
  }
}
