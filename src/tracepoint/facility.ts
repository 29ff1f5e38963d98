// Typed facilities: from a table of events, the tracepoints that record them.

import { type CpuBinding, currentBinding, onBindingChange } from "../cpu/current.js";
import {
  defineFacility,
  type EventArgs,
  type FacilityDefinition,
  type FacilityTable,
} from "../event/definition.js";
import { encoderOf } from "../event/encode.js";
import { type Batch, makeBatch } from "./batch.js";
import { labelNumber } from "./labels.js";
import { registerDefinition } from "./register.js";
import { makeTracepoint, type Tracepoint } from "./tracepoint.js";

/** What records an event: one record a call, or many. */
export interface TracepointFunction<Args extends readonly unknown[]> {
  (...args: Args): void;
  /**
   * Records a batch, all at one time, and publishes it with one store for each sub-buffer that it
   * touches. For events whose fields all have a fixed size.
   * @param words the payloads one behind the other, copied as they are: a field of up to 32 bits is one
   *   word (bool 0 or 1, f32 its bits), u64, i64 and f64 are two, the low one first
   * @param count records; default: as many as `words` holds
   *
   * Throws TraceError `bad-option` when the event has a string, a label, bytes or an array, or `words` does not
   * hold whole records.
   */
  writeMany(words: Int32Array, count?: number): void;
}

/** One function an event of the table. */
export type Tracepoints<T extends FacilityTable> = {
  readonly [E in keyof T]: TracepointFunction<EventArgs<T[E]>>;
};

interface Bound {
  readonly definition: FacilityDefinition;
  readonly tracepoints: readonly Tracepoint[];
  readonly batches: readonly Batch[];
}

const facilities: Bound[] = [];
let listening = false;

/**
 * Defines a facility and returns its tracepoints, which record on this thread's CPU. It may be
 * called before the thread has joined a hypervisor, also in a library that knows of none: until
 * then, and after the CPU has been detached, its tracepoints do nothing.
 *
 *     const app = facility("app", { request: { id: u32, path: string } });
 *     app.request({ id: 1, path: "/" });
 *
 * Throws a TypeError for a table that is none, and TraceError `facility-differs` when another
 * thread has registered the name with other events (see `registerDefinition` for the rest).
 */
export function facility<const T extends FacilityTable>(name: string, table: T): Tracepoints<T> {
  return tracepointsOf(defineFacility(name, table));
}

/** As `facility`, for a definition that was made before. */
export function tracepointsOf<T extends FacilityTable>(
  definition: FacilityDefinition<T>,
): Tracepoints<T> {
  const encoders = definition.events.map((event) => encoderOf(event, labelNumber));
  const tracepoints = encoders.map(makeTracepoint);
  const batches = encoders.map(makeBatch);
  const bound: Bound = { definition, tracepoints, batches };
  const binding = currentBinding();
  if (binding) bind(bound, binding);
  facilities.push(bound);
  if (!listening) onBindingChange((changed) => bindAll(changed));
  listening = true;
  const entries = definition.events.map(({ name }, i) => {
    const writeMany = batches[i]?.writeMany;
    return [name, Object.assign(tracepoints[i]?.call ?? {}, { writeMany })];
  });
  return Object.freeze(Object.fromEntries(entries)) as Tracepoints<T>;
}

function bindAll(binding: CpuBinding | undefined): void {
  for (const bound of facilities) bind(bound, binding);
}

function bind({ definition, tracepoints, batches }: Bound, binding: CpuBinding | undefined): void {
  const first = binding ? registerDefinition(binding.core, binding.views, definition) : 0;
  tracepoints.forEach((tracepoint, i) => {
    tracepoint.bind(binding, first + i);
  });
  batches.forEach((batch, i) => {
    batch.bind(binding, first + i);
  });
}
