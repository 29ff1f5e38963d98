// Reading a trace directory: its metadata, and its streams packet by packet, without reading more of
// a file than a packet's header.

import { closeSync, fstatSync, openSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { CpuClock } from "../../clock/clock.js";
import {
  checkMetadata,
  packetStream,
  readClocks,
  type StreamContext,
  scanStream,
  summarize,
  type TraceMetadata,
  type TraceReader,
  type TraceSummary,
} from "../../ctf/index.js";
import { entriesOf } from "../../ctf/read/entries.js";
import { readSchema } from "../../ctf/read/schema.js";
import { explainedEach, explainedStream, ofTrace } from "../../ctf/read/trace.js";
import { TraceError } from "../../errors.js";
import type { TraceEntry } from "../../trace/entry.js";
import { mergeStreams, type TraceStream } from "../../trace/merge.js";
import { systemErrorText } from "../system-error.js";
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
  const torn: TornTail[] = [];
  const onTorn = (tail: TornTail) => torn.push(tail);
  const summary = withStreams(dir, (streams) =>
    summarize(
      streams.map(({ name, path, read, size }) => {
        const whole = untilTorn(scanStream(read, size), { path, size }, onTorn);
        const packets = ofTrace(whole, metadata.uuid);
        return { name, packets: explainedEach(() => packets, because(path)) };
      }),
    ),
  );
  return { metadata, clocks, summary, torn };
}

/** Counts the records of each event, in whole packets. Throws TraceError `output` as `readTraceDir` does. */
export function countEvents(dir: string): Map<string, number> {
  const { context } = readContext(dir);
  const counts = new Map<string, number>();
  withStreams(dir, (streams) => {
    // Not by the merge of `openTraceDir`: the order of time does not matter here.
    for (const stream of streams) {
      const { packets, records } = packetsOf(stream, context);
      for (const packet of untilTorn(packets, stream, () => {})) {
        for (const { event } of records(packet)) counts.set(event, (counts.get(event) ?? 0) + 1);
      }
    }
  });
  return counts;
}

/** How to read a trace directory. */
export interface TraceDirOptions {
  /**
   * Called for each stream that ends within a packet, when a reading has come there; what is whole is read then.
   * Without it a torn packet is an error.
   */
  readonly onTorn?: (torn: TornTail) => void;
}

/**
 * Opens a trace whose records are to be read in the order of time. Throws TraceError `output` naming the
 * file that cannot be read, and why; so do `streams`, `entries` and the entries of a stream. A stream's file is
 * open until its entries are done or are told to return; of each, one packet is held.
 */
export function openTraceDir(dir: string, { onTorn }: TraceDirOptions = {}): TraceReader {
  const { context, ...trace } = readContext(dir);
  const streamOf = (file: StreamFile): TraceStream => ({
    info: { name: file.name },
    *entries() {
      const stream = openStream(file);
      try {
        const { packets, records } = packetsOf(stream, context);
        yield* entriesOf({
          packets: onTorn ? untilTorn(packets, stream, onTorn) : packets,
          records,
        });
      } finally {
        stream.close();
      }
    },
  });
  const streams = () => streamFiles(dir).map(streamOf);
  function* entries(): Generator<TraceEntry, void, void> {
    yield* mergeStreams(streams());
  }
  return {
    ...trace,
    /** Of the files that are there by now. */
    get streams() {
      return streams();
    },
    entries,
  };
}

/** What the metadata says, and what is needed of it to read the streams. */
function readContext(dir: string) {
  const path = join(dir, "metadata");
  const text = readMetadata(path);
  const { events, ...read } = explained(path, () => readSchema(text));
  return { ...read, context: { uuid: read.metadata.uuid, events } };
}

function packetsOf({ path, read, size }: OpenStream, context: StreamContext) {
  return explainedStream(packetStream(read, size, context), because(path));
}

interface StreamFile {
  readonly name: string;
  readonly path: string;
}

interface OpenStream extends StreamFile {
  readonly size: number;
  read(at: number, length: number): Uint8Array;
  close(): void;
}

function readMetadata(path: string): string {
  return explained(path, () => readFileSync(path, "utf8"));
}

/** Every other regular, visible file of the directory is a stream, as CTF readers have it. */
function streamFiles(dir: string): StreamFile[] {
  const entries = explained(dir, () => readdirSync(dir, { withFileTypes: true }));
  return entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith(".") && entry.name !== "metadata")
    .map(({ name }) => ({ name, path: join(dir, name) }))
    .sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
}

function openStream({ name, path }: StreamFile): OpenStream {
  const fd = explained(path, () => openSync(path, "r"));
  const close = () => closeSync(fd);
  try {
    const { size } = fstatSync(fd);
    return { name, path, size, read: (at, length) => readAt(fd, at, length), close };
  } catch (error) {
    close();
    throw toError(path, error);
  }
}

/** All streams of a directory, open for as long as `action` runs. */
function withStreams<T>(dir: string, action: (streams: readonly OpenStream[]) => T): T {
  const streams: OpenStream[] = [];
  try {
    for (const file of streamFiles(dir)) streams.push(openStream(file));
    return action(streams);
  } finally {
    for (const { close } of streams) close();
  }
}

function explained<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw toError(path, error);
  }
}

const because = (path: string) => (error: unknown) => toError(path, error);

function toError(path: string, error: unknown): TraceError {
  if (error instanceof TraceError) return error;
  const { code } = error as NodeJS.ErrnoException;
  // Of a path, Node says "not a directory": what is none is the part before the last. And "metadata" is in the path.
  const why =
    code === "ENOTDIR" ? "not in a directory" : systemErrorText(error).replace(/^metadata: /, "");
  return new TraceError("output", `${path}: ${why}`, { cause: error });
}
