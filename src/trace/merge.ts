// All CPUs' records in the order of time. Streams are read as far as the merge has come.

import type { TraceEntry } from "./entry.js";

/** What is known of a stream before it is read. */
export interface StreamInfo {
  /** Of its file, or of whatever it is read from; for messages. */
  readonly name?: string;
  readonly cpu?: number;
}

/** Entries of a CPU in the order of time, to be merged with others. */
export interface TraceStream {
  readonly info: StreamInfo;
  /** Each call begins anew, where the source can be read again. Whatever is open is closed when it returns. */
  entries(): Iterable<TraceEntry>;
}

/**
 * Merges streams into the order of time. Entries of one time come in the order of their CPUs, those of
 * one stream in its own order. What the streams throw passes, after the entries before it; they are
 * closed whichever way the merge ends.
 */
export function* mergeStreams(streams: Iterable<TraceStream>): Generator<TraceEntry, void, void> {
  const heads: Head[] = [];
  const all: Head["rest"][] = [];
  try {
    for (const stream of streams) all.push(stream.entries()[Symbol.iterator]());
    for (const [index, rest] of all.entries()) {
      const { done, value } = rest.next();
      if (!done) heads.push({ entry: value, index, rest });
    }
    for (let i = heads.length >> 1; i >= 0; i--) siftDown(heads, i);
    for (let head = heads[0]; head; head = heads[0]) {
      yield head.entry;
      const { done, value } = head.rest.next();
      if (!done) head.entry = value;
      else {
        const last = heads.pop();
        if (last && heads.length > 0) heads[0] = last;
      }
      siftDown(heads, 0);
    }
  } finally {
    for (const rest of all) rest.return?.();
  }
}

/** A stream's next entry, and those after it. */
interface Head {
  entry: TraceEntry;
  /** The stream's place among the streams. */
  readonly index: number;
  readonly rest: Iterator<TraceEntry, unknown, undefined>;
}

function isBefore(a: Head, b: Head): boolean {
  if (a.entry.timestamp !== b.entry.timestamp) return a.entry.timestamp < b.entry.timestamp;
  return a.entry.cpu === b.entry.cpu ? a.index < b.index : a.entry.cpu < b.entry.cpu;
}

/** Moves the head at `at` of a binary heap down to its place. */
function siftDown(heads: Head[], at: number): void {
  const moved = heads[at];
  if (!moved) return;
  for (let i = at; ; ) {
    const left = heads[2 * i + 1];
    const right = heads[2 * i + 2];
    const first = left && right && isBefore(right, left) ? right : left;
    if (!first || !isBefore(first, moved)) {
      heads[i] = moved;
      return;
    }
    heads[i] = first;
    i = first === left ? 2 * i + 1 : 2 * i + 2;
  }
}
