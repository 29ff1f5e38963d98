// What metadata says about a trace, in the words of the neutral model.

import type { TraceSchema } from "../../trace/schema.js";
import {
  checkMetadata,
  type LoadedFacility,
  readClock,
  readClocks,
  readEventClasses,
  readFacilities,
  type TraceMetadata,
} from "./metadata.js";
import { compileFacilities, type EventTable } from "./records.js";

/** All that metadata says, and what is needed to read the streams. */
export interface LoadedSchema {
  readonly metadata: TraceMetadata;
  readonly facilities: readonly LoadedFacility[];
  readonly schema: TraceSchema;
  readonly events: EventTable;
}

/**
 * Reads metadata. Throws a TypeError for what makes no sense, and a RangeError when two events claim one number.
 */
export function readSchema(text: string): LoadedSchema {
  const metadata = checkMetadata(text);
  const facilities = readFacilities(text);
  const events = compileFacilities(facilities, readEventClasses(text));
  const numbered = [...events].sort(([a], [b]) => a - b);
  const schema: TraceSchema = {
    uuid: metadata.uuid,
    environment: metadata.env,
    clock: { ...readClock(text), offsetNs: metadata.clockOffsetNs },
    cpuClocks: readClocks(text),
    events: numbered.map(([, { eventClass }]) => eventClass),
  };
  return { metadata, facilities, schema, events };
}
