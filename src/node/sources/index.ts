// The table of all sources: what is recorded of a thread of Node. A new source is one file and one line here.

import type { Member } from "../../cpu/member.js";
import { type Disposable, disposable } from "../../dispose.js";
import { TraceError } from "../../errors.js";
import { openContext, type ThreadContext } from "./context.js";
import { errors } from "./errors.js";
import { installEach } from "./install.js";
import type { Source } from "./source.js";
import { thread } from "./thread.js";
import { timers } from "./timers.js";
import { workers } from "./workers.js";

/** All sources, in the order in which they are installed. */
export const sources: readonly Source[] = Object.freeze([thread, errors, workers, timers]);

/** Which sources are meant, by their names. */
export interface SourceSelection {
  /** Only these. Default: all that are on by default. */
  readonly only?: readonly string[] | undefined;
  /** Not these. Default: none. */
  readonly except?: readonly string[] | undefined;
}

/**
 * Installs the sources of the table that are meant, in this thread. One that cannot be installed is told as a warning,
 * and the others are. Throws TraceError `bad-option` for a name that no source has; none is installed then.
 * @returns what takes them away, the last one first
 */
export function installSources(
  context: ThreadContext,
  { only, except = [] }: SourceSelection = {},
): Disposable {
  const known = sources.map(({ name }) => name);
  for (const name of [...(only ?? []), ...except]) {
    if (known.includes(name)) continue;
    throw new TraceError(
      "bad-option",
      `sources: no source is called ${JSON.stringify(name)}; there are ${known.join(", ")}`,
    );
  }
  const meant = ({ name, byDefault }: Source) =>
    (only?.includes(name) ?? byDefault) && !except.includes(name);
  return installEach(sources.filter(meant), context);
}

/** Opens this thread's context and installs sources in it. Throws as `installSources`. @returns what ends both */
export function observeThread(member: Member, selection?: SourceSelection): Disposable {
  const context = openContext(member);
  try {
    const installed = installSources(context, selection);
    return disposable(() => {
      installed.dispose();
      context.dispose();
    });
  } catch (error) {
    context.dispose();
    throw error;
  }
}
