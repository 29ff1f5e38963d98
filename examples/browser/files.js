// The files of a CTF trace, as blobs: what `CtfWriter` writes where there is a file system.

import {
  encodePacketHeader,
  metadataEvents,
  metadataHeader,
  PACKET_HEADER_BYTES,
  parseUuid,
} from "tbuf/ctf";

const SECOND = 1_000_000_000n;

export class TraceFiles {
  #uuid = crypto.randomUUID();
  #metadata;
  /** Parts of each CPU's stream: a header and the records, for each packet. */
  #streams = new Map();

  constructor(dom0) {
    const { wallNs } = dom0.clock;
    const clock = {
      description: "performance.now() since boot",
      offsetSeconds: Number(wallNs / SECOND),
      offsetNanoseconds: Number(wallNs % SECOND),
    };
    this.#metadata = [
      metadataHeader({ uuid: this.#uuid, env: { domain: "page" }, clock }),
      ...dom0.facilities().map((each) => metadataEvents(each.firstEvent, each.definition)),
    ];
  }

  add(packet) {
    const parts = this.#streams.get(packet.cpu) ?? [];
    this.#streams.set(packet.cpu, parts);
    const header = new Uint8Array(PACKET_HEADER_BYTES);
    const bytes = header.length + packet.bytes.length;
    encodePacketHeader(header, {
      uuid: parseUuid(this.#uuid),
      timestampBegin: packet.begin,
      timestampEnd: packet.end,
      contentBytes: bytes,
      packetBytes: bytes,
      sequence: parts.length / 2,
      discarded: packet.discarded,
      cpu: packet.cpu,
      records: packet.records,
    });
    parts.push(header, packet.bytes.slice());
  }

  all() {
    const streams = [...this.#streams].map(([cpu, parts]) => ({
      name: `xen_${cpu}`,
      blob: new Blob(parts),
    }));
    return [{ name: "metadata", blob: new Blob(this.#metadata) }, ...streams];
  }
}
