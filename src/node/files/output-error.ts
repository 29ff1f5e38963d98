// What went wrong with an output file, as a TraceError.

import { TraceError } from "../../errors.js";
import { systemErrorText } from "../system-error.js";

/** What `action` returns. Throws TraceError `output`: "cannot WHAT: ...". */
export function attempt<T>(what: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw outputError(what, error);
  }
}

export function outputError(what: string, cause: unknown): TraceError {
  const { code } = cause as NodeJS.ErrnoException;
  const text = systemErrorText(cause);
  // The code too, unless the message has it: it is what one looks up.
  const reason = code === undefined || text.includes(code) ? text : `${text} (${code})`;
  return new TraceError("output", `cannot ${what}: ${reason}`, { cause });
}
