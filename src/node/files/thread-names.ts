// Which threads were on the CPUs of a trace directory.

import { TraceError } from "../../errors.js";
import { threadTold } from "../../formats/threads.js";
import { openTraceDir } from "./trace-dir.js";

/** A thread says who it is in its first records: how many of each stream are looked at. */
const FIRST = 1000;

/**
 * Names of threads by CPU, in the order in which they came, from the first records of each stream. A stream that cannot
 * be read tells none.
 */
export function threadNames(dir: string): ReadonlyMap<number, readonly string[]> {
  const names = new Map<number, string[]>();
  try {
    for (const { entries } of openTraceDir(dir, { onTorn: () => {} }).streams) {
      let seen = 0;
      for (const entry of entries()) {
        const told = entry.kind === "record" ? threadTold(entry) : undefined;
        if (told) names.set(told.cpu, [...(names.get(told.cpu) ?? []), told.name]);
        seen += 1;
        if (seen === FIRST) break;
      }
    }
  } catch (error) {
    if (!(error instanceof TraceError)) throw error;
  }
  return names;
}
