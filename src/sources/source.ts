// What a source of events is, in every runtime: one file each, and a line in a table. Sources of this room import
// nothing of Node's; those of Node alone are in src/node/sources.

import type { Cpu } from "../cpu/cpu.js";
import type { Member } from "../cpu/member.js";
import type { Disposable } from "../dispose.js";
import type { EventArgs, FacilityDefinition, FacilityTable } from "../event/definition.js";
import type { TracepointFunction } from "../tracepoint/facility.js";
import type { Cost, Meter } from "./meter.js";

/** Observes something of a thread, and records it. Made by `defineSource`. `C` is what it needs of the thread. */
export interface Source<C = SourceContext> {
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
  install(context: C): Disposable;
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
  /**
   * Puts events of this source under the thread's budget: `if (meter.take()) events.happened()`. Ends with the source.
   * @param cost what one event writes
   */
  meter(cost: Cost): Meter;
  /** Tells the program's user of something that this source cannot do, as a warning. */
  warn(text: string): void;
}

/** Tracepoints by their events' names, of whatever facility. */
export type Tracepoints = Readonly<Record<string, TracepointFunction<readonly never[]>>>;

/** The tracepoints of some events of the table `T`. */
export type Some<T extends FacilityTable, E extends keyof T> = {
  readonly [N in E]: TracepointFunction<EventArgs<T[N]>>;
};

/** A source as its file has it: it is given the tracepoints of its events, typed, and no others. */
export interface SourceOf<T extends FacilityTable, E extends keyof T & string, C>
  extends Omit<Source, "facility" | "events" | "install"> {
  readonly facility: FacilityDefinition<T>;
  readonly events: readonly E[];
  install(context: C): Disposable;
}

/** Checks a source's types. What it is given as `events` are the tracepoints of its facility. */
export function defineSource<T extends FacilityTable, const E extends keyof T & string>(
  source: SourceOf<T, E, SourceContext<Some<T, E>>>,
): Source {
  return source as unknown as Source;
}
