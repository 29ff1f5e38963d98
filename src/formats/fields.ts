// What formats have in common.

import { type EnumClass, type IntegerClass, NUMBER_BITS } from "../trace/field.js";
import type { Environment, EventClass } from "../trace/schema.js";

/** The runtime and host that a trace was recorded on, as far as it says so: "node 20.1.0 on name". */
export function recordedOn({ runtime, runtime_version, hostname }: Environment): string {
  const host = hostname === undefined ? undefined : `on ${hostname}`;
  return [runtime, runtime_version, host].filter((part) => part !== undefined).join(" ");
}

/**
 * What records of these events are called for users: their labels, or their names where they have none, or `names` is
 * asked for. A label that several events have is followed by the name, so no two are called alike.
 */
export function titlesOf(events: readonly EventClass[], names: boolean): Map<string, string> {
  const labels = events.map(({ label }) => label);
  return new Map(
    events.map(({ name, label }) => {
      if (names || label === undefined) return [name, name];
      const isOnly = labels.indexOf(label) === labels.lastIndexOf(label);
      return [name, isOnly ? label : `${label} (${name})`];
    }),
  );
}

/** The label of an enum's value: the first one where several hold it; undefined where none does. */
export function labelOf({ container, members }: EnumClass): (value: unknown) => string | undefined {
  if (members.some(({ last }) => last !== undefined)) {
    return (value) =>
      members.find(
        ({ first, last = first }) => first <= (value as bigint) && (value as bigint) <= last,
      )?.label;
  }
  const labels = new Map<unknown, string>();
  for (const { label, first } of members) {
    const value = container.bits <= NUMBER_BITS ? Number(first) : BigInt(first);
    if (!labels.has(value)) labels.set(value, label);
  }
  return (value) => labels.get(value);
}

/** How an integer is written for people: in its base, `0x1f`, `-0b101`. */
export function inBase({ base = 10 }: IntegerClass): (value: unknown) => string {
  const prefix = PREFIX[base];
  if (prefix === "") return String;
  return (value) => {
    const digits = (value as bigint).toString(base);
    return digits.startsWith("-") ? `-${prefix}${digits.slice(1)}` : prefix + digits;
  };
}

const PREFIX = { 2: "0b", 8: "0o", 10: "", 16: "0x" } as const;

/** Two digits a byte. */
export function hex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += DIGITS[byte];
  return text;
}

const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** `make`, called once for each key. */
export function once<K, V>(make: (key: K) => V): (key: K) => V {
  const made = new Map<K, V>();
  return (key) => {
    const known = made.get(key);
    if (known !== undefined) return known;
    const value = make(key);
    made.set(key, value);
    return value;
  };
}
