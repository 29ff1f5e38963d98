// What takes a trace.

import type { TraceEntry } from "./entry.js";
import { EMPTY_SCHEMA, type TraceSchema } from "./schema.js";

/**
 * Takes a trace: `begin` once, `append` for each entry, `finish` once. Entries of one CPU come in their order; those
 * of all CPUs in the order of time, unless whoever feeds the sink says otherwise. Classes of events that the schema
 * does not list come with their first record. What a sink's output throws passes; it is not to be used then.
 */
export interface TraceSink {
  begin(schema: TraceSchema): void;
  append(entry: TraceEntry): void;
  finish(): void;
}

/** Where a sink writes: a file, a page, standard output. Called for each piece, in order. */
export type Output<Piece extends string | Uint8Array = string | Uint8Array> = (
  piece: Piece,
) => void;

/**
 * The pieces that a sink makes of entries, as they come: nothing is read that is not asked for. What the entries
 * throw passes after the pieces before it; the sink is not finished then.
 */
export function* piecesOf<Piece extends string | Uint8Array>(
  entries: Iterable<TraceEntry>,
  makeSink: (output: Output<Piece>) => TraceSink,
  schema: TraceSchema = EMPTY_SCHEMA,
): Generator<Piece, void, void> {
  const pieces: Piece[] = [];
  const sink = makeSink((piece) => pieces.push(piece));
  sink.begin(schema);
  yield* pieces.splice(0);
  for (const entry of entries) {
    sink.append(entry);
    for (const piece of pieces) yield piece;
    pieces.length = 0;
  }
  sink.finish();
  yield* pieces;
}
