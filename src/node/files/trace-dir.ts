// Reading a trace directory: its metadata, and its streams packet by packet, without reading more of
// a file than a packet's header.

import { closeSync, fstatSync, openSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { CpuClock } from "../../clock/clock.js";
import {
  checkMetadata,
  compileFacilities,
  mergeStreams,
  packetStream,
  readClocks,
  readFacilities,
  type StreamContext,
  scanStream,
  summarize,
  type TraceEntry,
  type TraceMetadata,
  type TraceReader,
  type TraceSummary,
} from "../../ctf/index.js";
import { explainedEach, explainedStream, ofTrace } from "../../ctf/read/trace.js";
import { TraceError } from "../../errors.js";
import { readAt } from "./read-at.js";
import { type TornTail, untilTorn } from "./torn-tail.js";

export interface TraceDir {
  readonly metadata: TraceMetadata;
  readonly clocks: readonly CpuClock[];
  /** Of the whole packets. */
  readonly summary: TraceSummary;
  /** Where streams end within a packet. */
  readonly torn: readonly TornTail[];
}

/**
 * Sums a trace up. Throws TraceError `output` naming the file that cannot be read, and why; a stream that
 * ends within a packet is summed up to there.
 */
export function readTraceDir(dir: string): TraceDir {
  const path = join(dir, "metadata");
  const text = readMetadata(path);
  const metadata = explained(path, () => checkMetadata(text));
  const clocks = explained(path, () => readClocks(text));
  const { streams, close } = openStreams(dir);
  const torn: TornTail[] = [];
  try {
    const summary = summarize(
      streams.map(({ name, path, read, size }) => {
        const whole = untilTorn(scanStream(read, size), { path, size }, torn);
        const packets = ofTrace(whole, metadata.uuid);
        return { name, packets: explainedEach(() => packets, because(path)) };
      }),
    );
    return { metadata, clocks, summary, torn };
  } finally {
    close();
  }
}

/** Counts the records of each event, in whole packets. Throws TraceError `output` as `readTraceDir` does. */
export function countEvents(dir: string): Map<string, number> {
  const { context } = readContext(dir);
  const { streams, close } = openStreams(dir);
  const counts = new Map<string, number>();
  try {
    // Not by the merge of `openTraceDir`: the order of time does not matter here.
    for (const stream of streams) {
      const { packets, records } = packetsOf(stream, context);
      for (const packet of untilTorn(packets, stream, [])) {
        for (const { event } of records(packet)) counts.set(event, (counts.get(event) ?? 0) + 1);
      }
    }
  } finally {
    close();
  }
  return counts;
}

/**
 * Opens a trace whose records are to be read in the order of time. Throws TraceError `output` naming the
 * file that cannot be read, and why; so does `entries`, which has the files open until it is done or is
 * told to return, and holds one packet a stream.
 */
export function openTraceDir(dir: string): TraceReader {
  const { context, ...trace } = readContext(dir);
  function* entries(): Generator<TraceEntry, void, void> {
    const { streams, close } = openStreams(dir);
    try {
      yield* mergeStreams(streams.map((stream) => packetsOf(stream, context)));
    } finally {
      close();
    }
  }
  return { ...trace, entries };
}

/** What the metadata says, and what is needed of it to read the streams. */
function readContext(dir: string) {
  const path = join(dir, "metadata");
  const text = readMetadata(path);
  const metadata = explained(path, () => checkMetadata(text));
  const facilities = explained(path, () => readFacilities(text));
  const events = explained(path, () => compileFacilities(facilities));
  return { metadata, facilities, context: { uuid: metadata.uuid, events } };
}

function packetsOf({ path, read, size }: OpenStream, context: StreamContext) {
  return explainedStream(packetStream(read, size, context), because(path));
}

interface OpenStream {
  readonly name: string;
  readonly path: string;
  readonly size: number;
  read(at: number, length: number): Uint8Array;
}

function readMetadata(path: string): string {
  return explained(path, () => readFileSync(path, "utf8"));
}

/** Every other regular, visible file of the directory is a stream, as CTF readers have it. */
function openStreams(dir: string): { streams: readonly OpenStream[]; close(): void } {
  const entries = explained(dir, () => readdirSync(dir, { withFileTypes: true }));
  const names = entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith(".") && entry.name !== "metadata")
    .map(({ name }) => name)
    .sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  const fds: number[] = [];
  const close = () => {
    for (const fd of fds) closeSync(fd);
  };
  try {
    const streams = names.map((name): OpenStream => {
      const path = join(dir, name);
      const fd = explained(path, () => openSync(path, "r"));
      fds.push(fd);
      return { name, path, size: fstatSync(fd).size, read: (at, length) => readAt(fd, at, length) };
    });
    return { streams, close };
  } catch (error) {
    close();
    throw error;
  }
}

function explained<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw toError(path, error);
  }
}

const REASONS: ReadonlyMap<string | undefined, string> = new Map([
  ["ENOENT", "no such file or directory"],
  ["ENOTDIR", "not in a directory"],
]);

const because = (path: string) => (error: unknown) => toError(path, error);

function toError(path: string, error: unknown): TraceError {
  if (error instanceof TraceError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  // The path says it already.
  const why = REASONS.get(code) ?? message.replace(/^metadata: /, "");
  return new TraceError("output", `${path}: ${why}`, { cause: error });
}
