// What a trace is made of.

import type { EventClass } from "./schema.js";

/** A record. */
export interface RecordEntry {
  readonly kind: "record";
  /** The CPU that it was recorded on. */
  readonly cpu: number;
  /** Name of its class: "app:request". */
  readonly event: string;
  /** Names and classes of its fields, in their order. */
  readonly eventClass: EventClass;
  /** Nanoseconds since the clock's zero. */
  readonly timestamp: bigint;
  /** Values by field name, as their classes say. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * Records that a CPU lost: after `since`, and before its next record. In overwrite mode those that were
 * overwritten are among them.
 */
export interface LossEntry {
  readonly kind: "loss";
  readonly cpu: number;
  /** How many. */
  readonly records: number;
  /** Nanoseconds since the clock's zero: by then they were lost. */
  readonly timestamp: bigint;
  /** Nanoseconds since the clock's zero: whatever was lost before then is told already. Undefined where the stream
   * begins. */
  readonly since: bigint | undefined;
}

/** A record or a loss. */
export type TraceEntry = RecordEntry | LossEntry;
