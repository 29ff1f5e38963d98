// Which threads were on a trace's CPUs, as far as their records say so.

import type { RecordEntry } from "../trace/entry.js";

/** The name that a CPU's thread has from this record on, where the record tells one: `core:domain_info`. */
export function threadTold({
  event,
  fields,
}: Pick<RecordEntry, "event" | "fields">):
  | { readonly cpu: number; readonly name: string }
  | undefined {
  const { vcpu: cpu, name } = fields;
  if (event !== "core:domain_info" || typeof cpu !== "number" || typeof name !== "string") return;
  return { cpu, name };
}
