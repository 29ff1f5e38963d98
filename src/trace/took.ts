// What took time and was recorded when it was over: any event with the two fields below.

import type { RecordEntry } from "./entry.js";
import type { FieldMember } from "./field.js";
import type { EventClass } from "./schema.js";

/** When something began, in nanoseconds since the clock's zero, and how many nanoseconds it lasted. */
export interface Took {
  readonly start: bigint;
  readonly duration: bigint;
}

const known = new WeakMap<EventClass, boolean>();

/**
 * Whether records of a class are of something that took time: they have a field `start` and a field `duration`, both
 * unsigned integers of 64 bits. All readers decide by this function.
 */
export function takesTime(eventClass: EventClass): boolean {
  const told = known.get(eventClass);
  if (told !== undefined) return told;
  const takes = ["start", "duration"].every((name) =>
    eventClass.fields.some((field) => field.name === name && isTime(field)),
  );
  known.set(eventClass, takes);
  return takes;
}

/** When what a record is of began, and how long it lasted; undefined where `takesTime` says no. */
export function tookOf({ eventClass, fields }: RecordEntry): Took | undefined {
  if (!takesTime(eventClass)) return undefined;
  return { start: fields.start as bigint, duration: fields.duration as bigint };
}

/** The fields of a class without those two. */
export function withoutTook({ fields }: EventClass): readonly FieldMember[] {
  return fields.filter(({ name }) => name !== "start" && name !== "duration");
}

function isTime({ fieldClass }: FieldMember): boolean {
  return fieldClass.kind === "integer" && !fieldClass.signed && fieldClass.bits === 64;
}
