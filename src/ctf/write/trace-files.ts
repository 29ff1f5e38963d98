// A trace directory in memory: for pages and others without a file system, which hand the files on
// (a download, an upload, an archive).

import type { CpuClock } from "../../clock/clock.js";
import type { OwnBytes } from "../../memory/own-bytes.js";
import type { LoadedFacility } from "../read/metadata.js";
import { MemoryFiles } from "./files.js";
import type { RecordedPacket } from "./packet-headers.js";
import { PacketWriter } from "./packet-writer.js";
import { type Loss, type TraceDescription, TraceEncoder } from "./trace-encoder.js";

export interface TraceFilesOptions extends TraceDescription {
  /** Name of the channel, of which the stream files are called. Default "xen". */
  readonly channel?: string;
}

/**
 * Collects a trace: the same calls as `CtfWriter`, and the same files. Written to one directory, they are
 * a trace that babeltrace2 reads.
 */
export class TraceFiles {
  readonly #files = new MemoryFiles();
  readonly #writer: PacketWriter;

  /** Throws a TypeError for an `env` that cannot be written. */
  constructor({ channel = "xen", ...description }: TraceFilesOptions) {
    this.#writer = new PacketWriter(new TraceEncoder(description), this.#files, channel);
  }

  /** Describes the facilities and clocks that are not described yet. */
  describe(facilities: readonly LoadedFacility[], clocks: readonly CpuClock[] = []): void {
    this.#writer.describe(facilities, clocks);
  }

  /** Adds a packet, copied. Without `dom0`, the events in it must have been described. */
  write(packet: RecordedPacket): void {
    this.#writer.write(packet);
  }

  /** Declares losses that no packet has declared, as `CtfWriter` does, and returns the files by name. */
  finish(losses: Iterable<Loss> = []): Map<string, OwnBytes> {
    this.#writer.finish(losses);
    return this.#files.files();
  }
}
