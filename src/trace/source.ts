// What a trace is read from, and how it gets from there to where it goes.

import { mergeStreams, type TraceStream } from "./merge.js";
import type { TraceSchema } from "./schema.js";
import type { TraceSink } from "./sink.js";

/** A trace that can be read: a directory, files in memory, what a live trace holds by now. */
export interface TraceSource {
  readonly schema: TraceSchema;
  readonly streams: readonly TraceStream[];
}

/** Moves a whole trace: its entries in the order of time. Throws what the source and the sink throw. */
export function pump(source: TraceSource, sink: TraceSink): void {
  sink.begin(source.schema);
  for (const entry of mergeStreams(source.streams)) sink.append(entry);
  sink.finish();
}
