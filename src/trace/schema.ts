// What is known about a trace besides its entries.

import type { CpuClock } from "../clock/clock.js";
import type { FieldMember } from "./field.js";

/** Facts about a trace by name: host, runtime, tracer, what the program liked to say. */
export type Environment = Readonly<Record<string, string | number>>;

/** The clock that all timestamps of a trace are of; they count nanoseconds from its zero. */
export interface TraceClock {
  /** An identifier. */
  readonly name?: string;
  readonly description?: string;
  /** Nanoseconds from the Unix epoch (UTC) to timestamp 0, 0 to `CLOCK_OFFSET_MAX`; undefined: not known. */
  readonly offsetNs?: bigint;
  /** Nanoseconds by which a time may be off; undefined: not known. */
  readonly precisionNs?: number;
  readonly uuid?: string;
}

/**
 * Most nanoseconds from the Unix epoch to timestamp 0, in the year 2262: with any timestamp added, still
 * a date that calendars have room for.
 */
export const CLOCK_OFFSET_MAX: bigint = 2n ** 63n - 1n;

/** Events of one kind. All records of one class refer to one object, by which sinks know it again. */
export interface EventClass {
  /** As readers show it: "app:request", "sched_switch". */
  readonly name: string;
  /** What it is to users, in a few plain words: "timeout fired". Undefined where its tracer says none. */
  readonly label?: string;
  /** What the event is one of, where that is part of its name: "app". */
  readonly group?: string;
  /** In the order in which readers show them. Names differ. */
  readonly fields: readonly FieldMember[];
  /** What else its tracer says of it, for those who know it: `xen`, the Xen trace id. */
  readonly attributes?: Environment;
}

/** What a trace says about itself. */
export interface TraceSchema {
  /** UUID as text. */
  readonly uuid?: string;
  readonly environment: Environment;
  readonly clock: TraceClock;
  /** How well CPUs know that clock's time, for those that told. */
  readonly cpuClocks: readonly CpuClock[];
  /** Those that are known by now. Of a trace that is still recorded, entries may bring more. */
  readonly events: readonly EventClass[];
}

/** A schema that says nothing: all there is comes with the entries. */
export const EMPTY_SCHEMA: TraceSchema = Object.freeze({
  environment: Object.freeze({}),
  clock: Object.freeze({}),
  cpuClocks: Object.freeze([]),
  events: Object.freeze([]),
});
