// What a source of events is: one file of this folder each, and a line in the table of index.ts.

import type { Worker } from "node:worker_threads";
import type { Cpu } from "../../cpu/cpu.js";
import type { Member } from "../../cpu/member.js";
import type { Disposable } from "../../dispose.js";
import type { EventArgs, FacilityDefinition, FacilityTable } from "../../event/definition.js";
import type { ThreadInfo } from "../../memory/cpu-table.js";
import type { TracepointFunction } from "../../tracepoint/facility.js";

/** Observes something of a thread of Node, and records it. Made by `defineSource`. */
export interface Source {
  /** Stays as it is: users name it on the command line. Small letters and digits, with `-` between words. */
  readonly name: string;
  /** What it observes, in one sentence for users. */
  readonly description: string;
  /** False: it is only installed when it is named, because it costs too much, or tells too much. */
  readonly byDefault: boolean;
  /** What it costs, for users: "0.3 us per request". */
  readonly cost?: string;
  /** The facility that its events are of. */
  readonly facility: FacilityDefinition;
  /** Names of the events of `facility` that it records. */
  readonly events: readonly string[];
  /**
   * Observes this thread from now on, until what it returns is disposed of. Nothing of it is left then: functions that
   * it has replaced are the originals again (where the program has put a wrapper on top of its own, that calls
   * through), its listeners are gone, its handles are closed. May be called again, before or after that; each time
   * records for itself. Throws what prevents it, and leaves nothing in place then.
   */
  install(context: SourceContext): Disposable;
}

/** What the thread and the recording are to a source. */
export interface SourceContext<Events = Tracepoints> {
  /** The tracepoints of the source's events. They cost next to nothing while nobody records the event. */
  readonly events: Events;
  /** This thread's part of the hypervisor. */
  readonly member: Member;
  /** The CPU that this thread is. Throws TraceError `not-joined` while it is none. */
  readonly cpu: Cpu;
  /**
   * Nanoseconds on the clock of the trace, for a reading of this thread's `performance.now()` in milliseconds: for
   * events that tell when something was (`TOOK` of the facilities). A whole number, 0 or more.
   */
  timeNs(ms: number): number;
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
  /** Tells the program's user of something that this source cannot do, as a warning of the process. */
  warn(text: string): void;
}

/** Tracepoints by their events' names, of whatever facility. */
export type Tracepoints = Readonly<Record<string, TracepointFunction<readonly never[]>>>;

/** The tracepoints of some events of the table `T`. */
type Some<T extends FacilityTable, E extends keyof T> = {
  readonly [N in E]: TracepointFunction<EventArgs<T[N]>>;
};

/** A source as its file has it: it is given the tracepoints of its events, typed, and no others. */
interface SourceOf<T extends FacilityTable, E extends keyof T & string>
  extends Omit<Source, "facility" | "events" | "install"> {
  readonly facility: FacilityDefinition<T>;
  readonly events: readonly E[];
  install(context: SourceContext<Some<T, E>>): Disposable;
}

/** Checks a source's types. What it is given as `events` are the tracepoints of its facility. */
export function defineSource<T extends FacilityTable, const E extends keyof T & string>(
  source: SourceOf<T, E>,
): Source {
  return source as unknown as Source;
}
