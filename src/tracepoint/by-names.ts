// From a call with one object of named values to a call with positional ones.

import { isObserved } from "../cpu/current.js";
import { describeValue, isProduction, warn } from "../errors.js";
import type { EventDefinition, Field } from "../event/definition.js";

/**
 * Calls `call` with an object's values, in the order of the fields; without an object, with undefined.
 * A function for each number of fields up to seven, as in tracepoint.ts.
 */
export function byNames(
  fields: readonly Field[],
  call: (...values: unknown[]) => void,
): (values: unknown) => void {
  const [n0 = "", n1 = "", n2 = "", n3 = "", n4 = "", n5 = "", n6 = ""] = fields.map(
    ({ name }) => name,
  );
  type Values = Record<string, unknown> | undefined;
  const named: readonly ((o: Values) => void)[] = [
    // One for each number of words: written by scripts/arities.mjs.
    () => call(),
    (o) => call(o?.[n0]),
    (o) => call(o?.[n0], o?.[n1]),
    (o) => call(o?.[n0], o?.[n1], o?.[n2]),
    (o) => call(o?.[n0], o?.[n1], o?.[n2], o?.[n3]),
    (o) => call(o?.[n0], o?.[n1], o?.[n2], o?.[n3], o?.[n4]),
    (o) => call(o?.[n0], o?.[n1], o?.[n2], o?.[n3], o?.[n4], o?.[n5]),
    (o) => call(o?.[n0], o?.[n1], o?.[n2], o?.[n3], o?.[n4], o?.[n5], o?.[n6]),
    // The end of what scripts/arities.mjs writes.
  ];
  const any = (o: Values) => call(...fields.map(({ name }) => o?.[name]));
  return (named[fields.length] ?? any) as (values: unknown) => void;
}

const told = new WeakSet<EventDefinition>();

/**
 * Warns once an event that its tracepoint was called without the object that it takes: the record then holds
 * zeros and empty texts. Says nothing in production, nothing in a program that `tbuf record` runs, whose output
 * must not change, and nothing of an event without fields.
 */
export function tellNoObject(definition: EventDefinition, got: unknown): void {
  if (told.has(definition) || definition.fields.length === 0) return;
  told.add(definition);
  if (isProduction() || isObserved()) return;
  const names = definition.fields.map(({ name }) => name).join(", ");
  warn(
    "TBUF_NO_OBJECT",
    `event ${definition.name} takes one object, { ${names} }, got ${describeValue(got)}: it is recorded without values`,
  );
}
