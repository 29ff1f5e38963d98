// Tracepoints of definitions that several parts of tbuf use: one set a thread, however many ask.

import type { FacilityDefinition, FacilityTable } from "../event/definition.js";
import { type Tracepoints, tracepointsOf } from "./facility.js";

const made = new Map<FacilityDefinition, Tracepoints<FacilityTable>>();

/** As `tracepointsOf`, but the same object for the same definition: tracepoints stay for as long as the thread. */
export function sharedTracepoints<T extends FacilityTable>(
  definition: FacilityDefinition<T>,
): Tracepoints<T> {
  const known = made.get(definition);
  if (known) return known as Tracepoints<T>;
  const tracepoints = tracepointsOf(definition);
  made.set(definition, tracepoints as Tracepoints<FacilityTable>);
  return tracepoints;
}
