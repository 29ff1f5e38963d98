// Writes a trace directory: `metadata`, and one stream file a CPU (`xen_0`, `xen_1`, ...). At every
// moment the directory is a trace that readers accept: the metadata comes first, and only whole
// packets are appended. After the first failure nothing more is written.

import { hostname } from "node:os";
import type { CpuClock } from "../../clock/clock.js";
import {
  type Loss,
  type RecordedPacket,
  TraceEncoder,
  type TraceFilesOptions,
} from "../../ctf/index.js";
import { PacketWriter } from "../../ctf/write/packet-writer.js";
import type { TraceError } from "../../errors.js";
import type { RegisteredFacility } from "../../host/index.js";
import { checkNewDir, NewTraceDir, type NewTraceDirOptions } from "./new-trace-dir.js";

export interface CtfWriterOptions extends TraceFilesOptions, NewTraceDirOptions {}

export class CtfWriter {
  readonly dir: string;
  readonly #files: NewTraceDir;
  readonly #writer: PacketWriter;

  /**
   * Throws TraceError `output`, naming the path, when the directory cannot be used; nothing that was made is
   * left then. Throws TraceError `bad-option` when the directory has no name or a mode is not from 0 to
   * 0o777, and a TypeError for an invalid clock or an `env` that cannot be written.
   */
  constructor(options: CtfWriterOptions) {
    checkNewDir("CtfWriter", options);
    const { channel = "xen", env, ...rest } = options;
    const trace = new TraceEncoder({ ...rest, env: { ...nodeEnv(), ...env } });
    this.dir = options.dir;
    this.#files = new NewTraceDir("CtfWriter", options);
    try {
      this.#writer = new PacketWriter(trace, this.#files, channel);
    } catch (error) {
      // Metadata whose first part could not be written has removed itself.
      this.#files.discard();
      throw error;
    }
  }

  /** The first failure, after which nothing more was written. */
  get failure(): TraceError | undefined {
    return this.#files.failure;
  }

  /** Bytes of all files so far. */
  get bytes(): number {
    return this.#files.bytes;
  }

  /**
   * Describes the facilities that are not described yet, and the clocks of CPUs that are new or have
   * changed. Throws TraceError `output`, and `closed` after `finish`.
   */
  describe(facilities: readonly RegisteredFacility[], clocks: readonly CpuClock[] = []): void {
    this.#files.checkOpen("describe");
    this.#writer.describe(facilities, clocks);
  }

  /**
   * Appends a packet to its CPU's stream. Without `dom0`, the events in it must have been described.
   * Throws TraceError `output`, and `closed` after `finish`; what the files hold stays a valid trace.
   */
  write(packet: RecordedPacket): void {
    this.#files.checkOpen("write");
    this.#writer.write(packet);
  }

  /**
   * Declares losses that no packet has declared yet, with an empty last packet, and closes the
   * files: `trace.losses()` once it is drained, nothing for a snapshot. Throws TraceError `output`; the
   * files are closed all the same. A second call does nothing.
   */
  finish(losses: Iterable<Loss> = []): void {
    if (this.#files.closed) return;
    try {
      if (!this.#files.failure) this.#writer.finish(losses);
    } finally {
      this.#files.close();
    }
  }
}

function nodeEnv(): Record<string, string> {
  // Deno and Bun have these modules too, and tell a version of Node that they are like.
  const { bun, deno, node } = process.versions;
  const [runtime, version] = bun ? ["bun", bun] : deno ? ["deno", deno] : ["node", node];
  return { hostname: hostname(), runtime, runtime_version: version };
}
