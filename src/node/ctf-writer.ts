// Writes a trace directory: `metadata`, and one stream file a CPU (`xen_0`, `xen_1`, ...). At every
// moment the directory is a trace that readers accept: the metadata comes first, and only whole
// packets are appended. After the first failure nothing more is written.

import { randomUUID } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, readdirSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import type { ClockBase, CpuClock } from "../clock.js";
import {
  type ClockDescription,
  encodePacketHeader,
  metadataClock,
  metadataEvents,
  metadataHeader,
  PACKET_HEADER_BYTES,
  parseUuid,
} from "../ctf/index.js";
import { TraceError } from "../errors.js";
import type { Packet, RegisteredFacility } from "../host/index.js";
import { VERSION } from "../version.js";
import { appendWhole } from "./write-all.js";

export interface CtfWriterOptions {
  /** The trace directory: made if it does not exist; must be empty if it does. */
  readonly dir: string;
  readonly clock: ClockBase;
  /** The clocks of the CPUs there are, `dom0.clocks()`: the metadata then tells how precise the times
   * of the trace are. */
  readonly clocks?: readonly CpuClock[];
  /** Name of the channel, of which the stream files are called. Default "xen". */
  readonly channel?: string;
  /** More about the trace, for its `env`. */
  readonly env?: Readonly<Record<string, string | number>>;
}

/** A file that is appended to, and the bytes that it holds by now. */
interface Output {
  readonly fd: number;
  readonly path: string;
  size: number;
}

interface Stream extends Output {
  packets: number;
  discarded: number;
  end: bigint;
}

const encoder = new TextEncoder();

export class CtfWriter {
  readonly dir: string;
  readonly #channel: string;
  readonly #uuid: Uint8Array;
  readonly #metadata: Output;
  readonly #streams = new Map<number, Stream>();
  readonly #header = new Uint8Array(PACKET_HEADER_BYTES);
  /** What the metadata says last of each CPU's clock. */
  readonly #clocks = new Map<number, CpuClock>();
  #facilities = 0;
  #failure: TraceError | undefined;

  /** Throws TraceError `output`, naming the path, when the directory cannot be used. */
  constructor(options: CtfWriterOptions) {
    const { dir, clock, clocks = [], channel = "xen", env = {} } = options;
    const uuid = randomUUID();
    const header = metadataHeader({
      uuid,
      env: { ...commonEnv(), ...env },
      clock: clockOf(clock, clocks),
    });
    this.dir = dir;
    this.#channel = channel;
    this.#uuid = parseUuid(uuid);
    makeEmptyDir(dir);
    const path = join(dir, "metadata");
    this.#metadata = create(path);
    this.#append(this.#metadata, [encoder.encode(header)]);
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
    for (const clock of clocks) {
      if (isSameClock(this.#clocks.get(clock.cpu), clock)) continue;
      this.#append(this.#metadata, [encoder.encode(metadataClock(clock))]);
      this.#clocks.set(clock.cpu, clock);
    }
    for (; this.#facilities < facilities.length; this.#facilities++) {
      const facility = facilities[this.#facilities];
      if (!facility) return;
      const text = metadataEvents(facility.firstEvent, facility.definition);
      this.#append(this.#metadata, [encoder.encode(text)]);
    }
  }

  /**
   * Appends a packet to its CPU's stream. The events in it must have been described. Throws
   * TraceError `output`; what the files hold stays a valid trace.
   */
  write(packet: Packet): void {
    const stream = this.#stream(packet.cpu);
    const bytes = PACKET_HEADER_BYTES + packet.bytes.length;
    encodePacketHeader(this.#header, {
      uuid: this.#uuid,
      timestampBegin: packet.begin,
      timestampEnd: packet.end,
      contentBytes: bytes,
      packetBytes: bytes,
      sequence: stream.packets,
      discarded: packet.discarded,
      cpu: packet.cpu,
      records: packet.records,
    });
    this.#append(stream, [this.#header, packet.bytes]);
    stream.packets++;
    stream.discarded = packet.discarded;
    stream.end = packet.end;
  }

  /**
   * Declares losses that no packet has declared yet, with an empty last packet, and closes the
   * files. Throws TraceError `output`; the files are closed all the same.
   */
  finish(losses: Iterable<{ readonly cpu: number; readonly discarded: number }>): void {
    try {
      for (const { cpu, discarded } of losses) {
        const declared = this.#streams.get(cpu);
        if (this.#failure || discarded <= (declared?.discarded ?? 0)) continue;
        const time = declared?.end ?? 0n;
        const bytes = new Uint8Array(0);
        const partial = true;
        this.write({ cpu, begin: time, end: time, records: 0, discarded, partial, bytes });
      }
    } finally {
      closeSync(this.#metadata.fd);
      for (const { fd } of this.#streams.values()) closeSync(fd);
    }
  }

  #stream(cpu: number): Stream {
    const known = this.#streams.get(cpu);
    if (known) return known;
    const path = join(this.dir, `${this.#channel}_${cpu}`);
    const stream = { ...create(path), packets: 0, discarded: 0, end: 0n };
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

function attempt<T>(what: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw outputError(what, error);
  }
}

function outputError(what: string, cause: unknown): TraceError {
  const { code, message } = cause as NodeJS.ErrnoException;
  return new TraceError("output", `cannot ${what}: ${ERRNO[code ?? ""] ?? message}`, { cause });
}

const ERRNO: Readonly<Record<string, string>> = {
  EACCES: "permission denied (EACCES)",
  EDQUOT: "the disk quota is used up (EDQUOT)",
  EEXIST: "it exists already (EEXIST)",
  EFBIG: "the file would be too large (EFBIG)",
  ENOSPC: "no space is left on the device (ENOSPC)",
  ENOTDIR: "a part of the path is not a directory (ENOTDIR)",
  EROFS: "the file system is read-only (EROFS)",
};

function commonEnv(): Record<string, string | number> {
  const [major = 0, minor = 0, patch = 0] = VERSION.split(".").map(Number);
  return {
    hostname: hostname(),
    domain: "js",
    tracer_name: "tbuf",
    tracer_major: major,
    tracer_minor: minor,
    tracer_patchlevel: patch,
    runtime: "node",
    runtime_version: process.versions.node,
  };
}

function isSameClock(a: CpuClock | undefined, b: CpuClock): boolean {
  return a?.clock === b.clock && a.resolutionNs === b.resolutionNs && a.errorNs === b.errorNs;
}

function clockOf({ wallNs }: ClockBase, clocks: readonly CpuClock[]): ClockDescription {
  // The worst of those that are known: TSDL has one clock a trace.
  const precisions = clocks.map(({ resolutionNs, errorNs = 0 }) => resolutionNs + errorNs);
  return {
    ...(precisions.length > 0 && { precisionNs: Math.max(...precisions) }),
    description: "nanoseconds since the hypervisor was booted",
    offsetSeconds: Number(wallNs / 1_000_000_000n),
    offsetNanoseconds: Number(wallNs % 1_000_000_000n),
  };
}
