// Writes a trace directory: `metadata`, and one stream file a CPU (`xen_0`, `xen_1`, ...). At every
// moment the directory is a trace that readers accept: the metadata comes first, and only whole
// packets are appended. After the first failure nothing more is written.

import { hostname } from "node:os";
import { join } from "node:path";
import type { CpuClock } from "../../clock/clock.js";
import {
  type Loss,
  type RecordedPacket,
  TraceEncoder,
  type TraceFilesOptions,
} from "../../ctf/index.js";
import { TraceError } from "../../errors.js";
import type { RegisteredFacility } from "../../host/index.js";
import { makeEmptyDir, removeDirs } from "./empty-dir.js";
import { NewFile } from "./new-file.js";

export interface CtfWriterOptions extends TraceFilesOptions {
  /** The trace directory: made if it does not exist; must be empty if it does. */
  readonly dir: string;
  /**
   * Permissions of the files, less the umask. Default 0o600: a trace holds what the program handles, so only
   * its owner can read it.
   */
  readonly fileMode?: number;
  /** Permissions of the directory if it is made here, less the umask. Default 0o700. */
  readonly dirMode?: number;
}

const encoder = new TextEncoder();

export class CtfWriter {
  readonly dir: string;
  readonly #encoder: TraceEncoder;
  readonly #channel: string;
  readonly #fileMode: number;
  readonly #metadata: NewFile;
  readonly #streams = new Map<number, NewFile>();
  #failure: TraceError | undefined;
  #closed = false;

  /**
   * Throws TraceError `output`, naming the path, when the directory cannot be used; nothing that was made is
   * left then. Throws TraceError `bad-option` when the directory has no name or a mode is not from 0 to
   * 0o777, and a TypeError for an invalid clock or an `env` that cannot be written.
   */
  constructor(options: CtfWriterOptions) {
    const { dir, channel = "xen", env, fileMode = 0o600, dirMode = 0o700, ...rest } = options;
    if (typeof dir !== "string" || dir === "") {
      throw new TraceError(
        "bad-option",
        `CtfWriter: dir=${JSON.stringify(dir)} names no directory`,
      );
    }
    checkMode("fileMode", fileMode);
    checkMode("dirMode", dirMode);
    this.#encoder = new TraceEncoder({ ...rest, env: { ...nodeEnv(), ...env } });
    this.dir = dir;
    this.#channel = channel;
    this.#fileMode = fileMode;
    const made = makeEmptyDir(dir, dirMode);
    try {
      this.#metadata = new NewFile(join(dir, "metadata"), fileMode);
      this.#append(this.#metadata, [encoder.encode(this.#encoder.header)]);
    } catch (error) {
      // Metadata whose first part could not be written has removed itself.
      removeDirs(made);
      throw error;
    }
  }

  /** The first failure, after which nothing more was written. */
  get failure(): TraceError | undefined {
    return this.#failure;
  }

  /**
   * Describes the facilities that are not described yet, and the clocks of CPUs that are new or have
   * changed. Throws TraceError `output`, and `closed` after `finish`.
   */
  describe(facilities: readonly RegisteredFacility[], clocks: readonly CpuClock[] = []): void {
    this.#checkOpen("describe");
    this.#declare(this.#encoder.describe(facilities, clocks));
  }

  /**
   * Appends a packet to its CPU's stream. Without `dom0`, the events in it must have been described.
   * Throws TraceError `output`, and `closed` after `finish`; what the files hold stays a valid trace.
   */
  write(packet: RecordedPacket): void {
    this.#checkOpen("write");
    this.#declare(this.#encoder.ahead(packet.cpu));
    this.#write(packet);
  }

  #declare(text: string): void {
    if (text !== "") this.#append(this.#metadata, [encoder.encode(text)]);
  }

  #write(packet: RecordedPacket): void {
    const stream = this.#stream(packet.cpu);
    this.#append(stream, [this.#encoder.packetHeader(packet), packet.bytes]);
  }

  /**
   * Declares losses that no packet has declared yet, with an empty last packet, and closes the
   * files: `trace.losses()` once it is drained, nothing for a snapshot. Throws TraceError `output`; the
   * files are closed all the same. A second call does nothing.
   */
  finish(losses: Iterable<Loss> = []): void {
    if (this.#closed) return;
    const failed = this.#failure !== undefined;
    try {
      if (failed) return;
      this.#declare(this.#encoder.last());
      for (const packet of this.#encoder.lossPackets(losses)) this.#write(packet);
    } finally {
      this.#close();
    }
    if (this.#failure) throw this.#failure;
  }

  #close(): void {
    this.#closed = true;
    for (const file of [this.#metadata, ...this.#streams.values()]) {
      try {
        file.close();
      } catch (error) {
        this.#failure ??= error as TraceError;
      }
    }
  }

  #checkOpen(what: string): void {
    if (this.#closed) {
      throw new TraceError(
        "closed",
        `CtfWriter: ${what} after finish: the files of ${this.dir} are closed; make a new writer`,
      );
    }
  }

  #stream(cpu: number): NewFile {
    const known = this.#streams.get(cpu);
    if (known) return known;
    // A writer that has failed makes no more files.
    if (this.#failure) throw this.#failure;
    const stream = new NewFile(join(this.dir, `${this.#channel}_${cpu}`), this.#fileMode);
    this.#streams.set(cpu, stream);
    return stream;
  }

  #append(file: NewFile, parts: readonly Uint8Array[]): void {
    if (this.#failure) throw this.#failure;
    try {
      file.append(parts);
    } catch (error) {
      this.#failure = error as TraceError;
      throw error;
    }
  }
}

function checkMode(name: string, mode: number): void {
  if (Number.isInteger(mode) && mode >= 0 && mode <= 0o777) return;
  throw new TraceError(
    "bad-option",
    `CtfWriter: ${name} must be an integer from 0 to 0o777, got ${String(mode)}`,
  );
}

function nodeEnv(): Record<string, string> {
  // Deno and Bun have these modules too, and tell a version of Node that they are like.
  const { bun, deno, node } = process.versions;
  const [runtime, version] = bun ? ["bun", bun] : deno ? ["deno", deno] : ["node", node];
  return { hostname: hostname(), runtime, runtime_version: version };
}
