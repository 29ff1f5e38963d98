// A trace directory in memory: for pages and others without a file system, which hand the files on
// (a download, an upload, an archive).

import type { CpuClock } from "../../clock/clock.js";
import type { OwnBytes } from "../../memory/own-bytes.js";
import type { LoadedFacility } from "../read/metadata.js";
import {
  type Loss,
  type RecordedPacket,
  type TraceDescription,
  TraceEncoder,
} from "./trace-encoder.js";

export interface TraceFilesOptions extends TraceDescription {
  /** Name of the channel, of which the stream files are called. Default "xen". */
  readonly channel?: string;
}

const encoder = new TextEncoder();

/**
 * Collects a trace: the same calls as `CtfWriter`, and the same files. Written to one directory, they are
 * a trace that babeltrace2 reads.
 */
export class TraceFiles {
  readonly #encoder: TraceEncoder;
  readonly #channel: string;
  #metadata: string;
  readonly #streams = new Map<number, OwnBytes[]>();

  /** Throws a TypeError for an `env` that cannot be written. */
  constructor({ channel = "xen", ...description }: TraceFilesOptions) {
    this.#encoder = new TraceEncoder(description);
    this.#channel = channel;
    this.#metadata = this.#encoder.header;
  }

  /** Describes the facilities and clocks that are not described yet. */
  describe(facilities: readonly LoadedFacility[], clocks: readonly CpuClock[] = []): void {
    this.#metadata += this.#encoder.describe(facilities, clocks);
  }

  /** Adds a packet, copied. Without `dom0`, the events in it must have been described. */
  write(packet: RecordedPacket): void {
    this.#metadata += this.#encoder.ahead(packet.cpu);
    this.#write(packet);
  }

  #write(packet: RecordedPacket): void {
    const header = this.#encoder.packetHeader(packet);
    const stream = this.#streams.get(packet.cpu) ?? [];
    // Copies of one's own: many browser functions refuse views of shared memory.
    stream.push(new Uint8Array(header), new Uint8Array(packet.bytes));
    this.#streams.set(packet.cpu, stream);
  }

  /** Declares losses that no packet has declared, as `CtfWriter` does, and returns the files by name. */
  finish(losses: Iterable<Loss> = []): Map<string, OwnBytes> {
    this.#metadata += this.#encoder.last();
    for (const packet of this.#encoder.lossPackets(losses)) this.#write(packet);
    const files = new Map([["metadata", encoder.encode(this.#metadata)]]);
    for (const [cpu, parts] of this.#streams) files.set(`${this.#channel}_${cpu}`, joined(parts));
    return files;
  }
}

function joined(parts: readonly Uint8Array[]): OwnBytes {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
