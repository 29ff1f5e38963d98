// Typed facilities: from a table of events, the tracepoints that record them.

import { type CpuBinding, currentBinding, onBindingChange } from "./current.js";
import {
  defineFacility,
  type EventArgs,
  type FacilityDefinition,
  type FacilityTable,
} from "./event/definition.js";
import { registerDefinition } from "./facility-register.js";
import { makeTracepoint, type Tracepoint } from "./tracepoint.js";

/** One function an event of the table. */
export type Tracepoints<T extends FacilityTable> = {
  readonly [E in keyof T]: (...args: EventArgs<T[E]>) => void;
};

interface Bound {
  readonly definition: FacilityDefinition;
  readonly tracepoints: readonly Tracepoint[];
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
  const tracepoints = definition.events.map(makeTracepoint);
  const bound: Bound = { definition, tracepoints };
  const binding = currentBinding();
  if (binding) bind(bound, binding);
  facilities.push(bound);
  if (!listening) onBindingChange((changed) => bindAll(changed));
  listening = true;
  const entries = definition.events.map(({ name }, i) => [name, tracepoints[i]?.call]);
  return Object.freeze(Object.fromEntries(entries)) as Tracepoints<T>;
}

function bindAll(binding: CpuBinding | undefined): void {
  for (const bound of facilities) bind(bound, binding);
}

function bind({ definition, tracepoints }: Bound, binding: CpuBinding | undefined): void {
  const first = binding ? registerDefinition(binding.core, binding.views, definition) : 0;
  tracepoints.forEach((tracepoint, i) => {
    tracepoint.bind(binding, first + i);
  });
}
