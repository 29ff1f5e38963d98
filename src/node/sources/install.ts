// Installing sources so that none of them harms the others, or the program.

import { type Disposable, disposable } from "../../dispose.js";
import { messageOf } from "../../errors.js";
import { sharedTracepoints } from "../../tracepoint/shared.js";
import type { ThreadContext } from "./context.js";
import type { Source, SourceContext } from "./source.js";

/**
 * Installs sources one after the other. One that cannot be installed, or taken away, is told as a warning, and the
 * others are. @returns what takes them away, the last one first
 */
export function installEach(list: readonly Source[], context: ThreadContext): Disposable {
  const installed: { readonly source: Source; readonly removal: Disposable }[] = [];
  for (const source of list) {
    attempt(context, `source ${source.name} is not installed, its events are not recorded`, () => {
      installed.push({ source, removal: source.install(contextOf(source, context)) });
    });
  }
  return disposable(() => {
    for (const { source, removal } of installed.reverse()) {
      attempt(context, `source ${source.name} is not taken away`, () => removal.dispose());
    }
  });
}

/** The thread's context, with the tracepoints of the source. */
function contextOf({ facility }: Source, context: ThreadContext): SourceContext {
  // Not by a copy: that would ask for the CPU now.
  return Object.create(context, {
    events: { value: sharedTracepoints(facility), enumerable: true },
  }) as SourceContext;
}

function attempt(context: ThreadContext, failure: string, action: () => void): void {
  try {
    action();
  } catch (error) {
    context.warn(`${failure}: ${messageOf(error)}`);
  }
}
