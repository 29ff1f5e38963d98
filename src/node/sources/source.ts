// What a source of events of Node is: one file of this folder each, and a line in the table of index.ts.

import type { Worker } from "node:worker_threads";
import type { Disposable } from "../../dispose.js";
import type { FacilityTable } from "../../event/definition.js";
import type { ThreadInfo } from "../../memory/cpu-table.js";
import type {
  Source as AnySource,
  SourceContext as AnySourceContext,
  Some,
  SourceOf,
  Tracepoints,
} from "../../sources/source.js";

/** Observes something of a thread of Node, and records it. Made by `defineSource`. */
export type Source = AnySource<SourceContext>;

/** What the thread and the recording are to a source of Node. */
export interface SourceContext<Events = Tracepoints> extends AnySourceContext<Events> {
  /** False in a worker: for what there is once in a process. */
  readonly isMainThread: boolean;
  /**
   * Calls `action` with the exit code when this thread ends: after all listeners of `exit`, those that were added last
   * first. It can still record. Not called in a thread that is terminated. @returns what takes it back
   */
  onEnd(action: (code: number) => void): Disposable;
  /** Calls `hook` for each worker that this thread starts. @returns what takes it back */
  onWorker(hook: (worker: Worker) => void): Disposable;
  /**
   * Calls `hook` when a worker of this thread has ended by which CPUs were left: its own, and those of the threads
   * that came from it. They are given back right afterwards. @returns what takes it back
   */
  onWorkerGone(hook: (threads: readonly ThreadInfo[]) => void): Disposable;
}

/** As `defineSource` of src/sources, for what needs more of a thread of Node. */
export function defineSource<T extends FacilityTable, const E extends keyof T & string>(
  source: SourceOf<T, E, SourceContext<Some<T, E>>>,
): Source {
  return source as unknown as Source;
}
