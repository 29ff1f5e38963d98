// Installing sources so that none of them harms the others, or the program.

import { type Disposable, disposable } from "../dispose.js";
import { messageOf } from "../errors.js";
import { sharedTracepoints } from "../tracepoint/shared.js";
import type { ThreadContext } from "./context.js";
import type { Cost, Meter } from "./meter.js";
import type { Source } from "./source.js";

/** What is for one source alone in its context. */
type Own = "events" | "meter";

/** Sources that were installed; disposing takes them away, the last one first. */
export interface InstalledSources extends Disposable {
  /** Names of those that are in place, in the order in which they were installed. */
  readonly names: readonly string[];
  /** Takes one of them away. False when none of that name is in place. */
  remove(name: string): boolean;
}

/**
 * Installs sources one after the other. One that cannot be installed, or taken away, is told as a warning, and the
 * others are.
 */
export function installEach<C extends object>(
  list: readonly Source<C>[],
  context: ThreadContext & Omit<C, Own>,
): InstalledSources {
  const installed = new Map<string, Disposable>();
  for (const source of list) {
    attempt(context, `source ${source.name} is not installed, its events are not recorded`, () => {
      installed.set(source.name, install(source, context));
    });
  }
  const remove = (name: string): boolean => {
    const removal = installed.get(name);
    if (!removal) return false;
    installed.delete(name);
    attempt(context, `source ${name} is not taken away`, () => removal.dispose());
    return true;
  };
  const all = disposable(() => {
    for (const name of [...installed.keys()].reverse()) remove(name);
  });
  return Object.defineProperties(all, {
    names: { get: () => [...installed.keys()], enumerable: true },
    remove: { value: remove, enumerable: true },
  }) as InstalledSources;
}

/** Installs one, with the tracepoints of its events, and meters that end with it. */
function install<C extends object>(
  source: Source<C>,
  context: ThreadContext & Omit<C, Own>,
): Disposable {
  const meters: Meter[] = [];
  const endMeters = () => {
    for (const meter of meters) context.budget.end(meter);
  };
  // Not a copy of the context: that would ask for the CPU now.
  const own = Object.create(context, {
    events: { value: sharedTracepoints(source.facility), enumerable: true },
    meter: {
      value(cost: Cost): Meter {
        const meter = context.budget.meter(source.name, cost);
        meters.push(meter);
        return meter;
      },
      enumerable: true,
    },
  }) as C;
  try {
    const removal = source.install(own);
    return disposable(() => {
      try {
        removal.dispose();
      } finally {
        endMeters();
      }
    });
  } catch (error) {
    endMeters();
    throw error;
  }
}

function attempt(context: ThreadContext, failure: string, action: () => void): void {
  try {
    action();
  } catch (error) {
    context.warn(`${failure}: ${messageOf(error)}`);
  }
}
