// Writes a trace directory: `metadata`, and one stream file a CPU (`xen_0`, `xen_1`, ...). At every
// moment the directory is a trace that readers accept: the metadata comes first, and only whole
// packets are appended. After the first failure nothing more is written.

import { closeSync, existsSync, mkdirSync, openSync, readdirSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import type { CpuClock } from "../clock.js";
import {
  type Loss,
  type RecordedPacket,
  TraceEncoder,
  type TraceFilesOptions,
} from "../ctf/index.js";
import { TraceError } from "../errors.js";
import type { RegisteredFacility } from "../host/index.js";
import { attempt, outputError } from "./output-error.js";
import { appendWhole } from "./write-all.js";

export interface CtfWriterOptions extends TraceFilesOptions {
  /** The trace directory: made if it does not exist; must be empty if it does. */
  readonly dir: string;
}

/** A file that is appended to, and the bytes that it holds by now. */
interface Output {
  readonly fd: number;
  readonly path: string;
  size: number;
}

const encoder = new TextEncoder();

export class CtfWriter {
  readonly dir: string;
  readonly #encoder: TraceEncoder;
  readonly #channel: string;
  readonly #metadata: Output;
  readonly #streams = new Map<number, Output>();
  #failure: TraceError | undefined;

  /**
   * Throws TraceError `output`, naming the path, when the directory cannot be used, `bad-option` when it
   * has no name, and a TypeError for a clock that is none or an `env` that cannot be written.
   */
  constructor({ dir, channel = "xen", env, ...description }: CtfWriterOptions) {
    if (typeof dir !== "string" || dir === "") {
      throw new TraceError(
        "bad-option",
        `CtfWriter: dir=${JSON.stringify(dir)} names no directory`,
      );
    }
    this.#encoder = new TraceEncoder({ ...description, env: { ...nodeEnv(), ...env } });
    this.dir = dir;
    this.#channel = channel;
    makeEmptyDir(dir);
    this.#metadata = create(join(dir, "metadata"));
    this.#append(this.#metadata, [encoder.encode(this.#encoder.header)]);
  }

  /** The first failure, after which nothing more was written. */
  get failure(): TraceError | undefined {
    return this.#failure;
  }

  /**
   * Describes the facilities that are not described yet, and the clocks of CPUs that are new or have
   * changed. Throws TraceError `output`.
   */
  describe(facilities: readonly RegisteredFacility[], clocks: readonly CpuClock[] = []): void {
    this.#declare(this.#encoder.describe(facilities, clocks));
  }

  /**
   * Appends a packet to its CPU's stream. Without `dom0`, the events in it must have been described.
   * Throws TraceError `output`; what the files hold stays a valid trace.
   */
  write(packet: RecordedPacket): void {
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
   * files are closed all the same.
   */
  finish(losses: Iterable<Loss> = []): void {
    try {
      if (this.#failure) return;
      this.#declare(this.#encoder.last());
      for (const packet of this.#encoder.lossPackets(losses)) this.#write(packet);
    } finally {
      closeSync(this.#metadata.fd);
      for (const { fd } of this.#streams.values()) closeSync(fd);
    }
  }

  #stream(cpu: number): Output {
    const known = this.#streams.get(cpu);
    if (known) return known;
    const stream = create(join(this.dir, `${this.#channel}_${cpu}`));
    this.#streams.set(cpu, stream);
    return stream;
  }

  #append(output: Output, parts: readonly Uint8Array[]): void {
    if (this.#failure) throw this.#failure;
    const { fd, path, size } = output;
    let bytes = 0;
    for (const part of parts) bytes += part.length;
    try {
      appendWhole(fd, size, parts);
    } catch (error) {
      this.#failure = outputError(`write ${bytes} bytes to ${path}`, error);
      throw this.#failure;
    }
    output.size += bytes;
  }
}

/** A new file; one that exists is not touched. */
function create(path: string): Output {
  return { fd: attempt(`create ${path}`, () => openSync(path, "wx")), path, size: 0 };
}

/** Makes the directory, with its parents. It must be empty: a trace is never added to another. */
export function makeEmptyDir(dir: string): void {
  attempt(`create ${dir}`, () => makeDirs(dir));
  const entries = attempt(`read ${dir}`, () => readdirSync(dir));
  if (entries.length > 0) {
    throw new TraceError(
      "output",
      `${dir} exists and is not empty: entries=${entries.length}; name a new directory`,
    );
  }
}

/**
 * As `mkdir -p`. Not Node's own recursive form: that one tries without end where a directory exists
 * and yet none can be made in it, as in /proc.
 */
function makeDirs(dir: string): void {
  const parent = dirname(dir);
  if (parent !== dir && !existsSync(parent)) makeDirs(parent);
  try {
    mkdirSync(dir);
  } catch (error) {
    if (!existsSync(dir)) throw error;
  }
}

function nodeEnv(): Record<string, string> {
  // Deno and Bun have these modules too, and tell a version of Node that they are like.
  const { bun, deno, node } = process.versions;
  const [runtime, version] = bun ? ["bun", bun] : deno ? ["deno", deno] : ["node", node];
  return { hostname: hostname(), runtime, runtime_version: version };
}
