// The fields of what took time and is recorded afterwards: when it began, and how long it lasted.

import { type Field, field } from "../event/definition.js";
import { u64 } from "../event/field.js";

/**
 * The first fields of such an event. `start`: nanoseconds on the clock of the trace; `duration`: nanoseconds. Every
 * reader of tbuf shows an event with these two fields, of these types, as a slice from `start` on.
 */
export const TOOK = [
  field("start", u64),
  field("duration", u64),
] as const satisfies readonly Field[];
