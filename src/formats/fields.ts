// What formats have in common.

import type { TraceMetadata } from "../ctf/read/metadata.js";
import type { FieldType } from "../event/field.js";

/** The runtime and host that a trace was recorded on, as far as it says so: "node 20.1.0 on name". */
export function recordedOn({ runtime, runtime_version, hostname }: TraceMetadata["env"]): string {
  const host = hostname === undefined ? undefined : `on ${hostname}`;
  return [runtime, runtime_version, host].filter((part) => part !== undefined).join(" ");
}

/** The labels of an enum by their values: the first one where several have one value. */
export function labelsOf({ members = [] }: FieldType): ReadonlyMap<unknown, string> {
  const labels = new Map<unknown, string>();
  for (const [label, value] of members) if (!labels.has(value)) labels.set(value, label);
  return labels;
}

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
