// Which sources of a table are meant.

import { TraceError } from "../errors.js";
import type { Source } from "./source.js";

/** Which sources are meant, by their names. */
export interface SourceSelection {
  /** Only these. Default: all that are on by default. */
  readonly only?: readonly string[] | undefined;
  /** Not these. Default: none. */
  readonly except?: readonly string[] | undefined;
}

/**
 * The sources of a table that are meant. Throws TraceError `bad-option` for a name that none has.
 * @param elsewhere names of sources that other runtimes have: they are left out without a word
 */
export function chooseSources<C>(
  table: readonly Source<C>[],
  { only, except = [] }: SourceSelection = {},
  elsewhere: readonly string[] = [],
): Source<C>[] {
  const known = table.map(({ name }) => name);
  for (const name of [...(only ?? []), ...except]) {
    if (known.includes(name) || elsewhere.includes(name)) continue;
    throw new TraceError(
      "bad-option",
      `sources: no source is called ${JSON.stringify(name)}; there are ${known.join(", ")}`,
    );
  }
  return table.filter(
    ({ name, byDefault }) => (only?.includes(name) ?? byDefault) && !except.includes(name),
  );
}
