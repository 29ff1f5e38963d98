// Reads what fixtures/thread-load.mjs records, fast enough to keep up with it: `load:tick` with two
// words, and `load:blob` with as many bytes as its sequence number says.

import type { Dom0, Packet } from "../../src/index.js";

export interface Load {
  /** Ids of the two events. */
  readonly tick: number;
  readonly blob: number;
}

/** Bytes of the blob of this sequence number; fixtures/thread-load.mjs has it too. */
export const blobBytes = (sequence: number): number => (sequence * 7) % 45;

export function loadOf(dom0: Dom0): Load {
  const first = dom0.facilities().find(({ definition }) => definition.name === "load")?.firstEvent;
  if (first === undefined) throw new Error("nobody has registered the facility load");
  return { tick: first, blob: first + 1 };
}

/**
 * Follows the stream of one CPU: every record whole, sequence numbers and times in order (I3, I4,
 * I8), packets telling what they hold.
 */
export class StreamCheck {
  records = 0;
  /** Sequence number of the last record; the first one is 1. */
  last = 0;
  /** Sequence numbers that were left out before the last record. */
  missing = 0;
  discarded = 0;
  end = 0n;
  readonly #load: Load;

  constructor(load: Load) {
    this.#load = load;
  }

  packet(packet: Packet): void {
    const { bytes } = packet;
    if (packet.begin < this.end) {
      throw new Error(`packet begins at ${packet.begin}, the last one ended at ${this.end}`);
    }
    if (packet.discarded < this.discarded) {
      throw new Error(`packet tells ${packet.discarded} discarded, after ${this.discarded}`);
    }
    this.discarded = packet.discarded;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const before = this.records;
    let time = -1n;
    let at = 0;
    while (at < bytes.length) {
      const head = view.getBigUint64(at, true);
      if (time < 0n && head >> 12n !== packet.begin) throw new Error("first record is not begin");
      if (head >> 12n < time) throw new Error(`time goes backwards at byte ${at}`);
      time = head >> 12n;
      at += this.#record(view, at, Number(head & 0xfffn));
    }
    if (time > packet.end) throw new Error(`record of ${time} after the end ${packet.end}`);
    if (this.records - before !== packet.records) {
      throw new Error(`${this.records - before} records, the packet tells ${packet.records}`);
    }
    this.end = packet.end;
  }

  /** Bytes of the record at `at`. */
  #record(view: DataView, at: number, id: number): number {
    const sequence = view.getUint32(at + 8, true);
    if (sequence <= this.last) throw new Error(`sequence ${sequence} after ${this.last}`);
    this.missing += sequence - this.last - 1;
    this.last = sequence;
    this.records++;
    if (id === this.#load.tick) {
      if (view.getUint32(at + 12, true) !== ~sequence >>> 0) throw new Error("torn tick");
      return 16;
    }
    if (id !== this.#load.blob) throw new Error(`event ${id} at byte ${at}`);
    const length = view.getUint32(at + 12, true);
    if (length !== blobBytes(sequence)) throw new Error(`blob ${sequence} has ${length} bytes`);
    for (let i = 0; i < length; i++) {
      if (view.getUint8(at + 16 + i) !== (sequence & 0xff)) throw new Error("torn blob");
    }
    return 16 + Math.ceil(length / 4) * 4;
  }
}

/** Checks of several CPUs, made at the first packet of each. */
export class LoadCheck {
  readonly streams = new Map<number, StreamCheck>();
  readonly #load: Load;

  constructor(dom0: Dom0) {
    this.#load = loadOf(dom0);
  }

  readonly packet = (packet: Packet): void => {
    this.of(packet.cpu).packet(packet);
  };

  of(cpu: number): StreamCheck {
    const stream = this.streams.get(cpu) ?? new StreamCheck(this.#load);
    this.streams.set(cpu, stream);
    return stream;
  }
}
