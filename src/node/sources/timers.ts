// Source of the timer_fn events: records when a callback of setImmediate (s_timer_fn), setTimeout
// (t_timer_fn) or setInterval (dom_timer_fn) begins to run. `timers/promises` is not observed.

import { type createRequire, syncBuiltinESMExports } from "node:module";
import { schedEvents } from "../threads/sched-events.js";

type TimerFunction = (callback: (...args: unknown[]) => void, ...rest: unknown[]) => unknown;
type Timers = Record<"setImmediate" | "setTimeout" | "setInterval", TimerFunction>;

/** Wraps a timer function so that `fired` is called before its callback; else it is unchanged. */
function observed(original: TimerFunction, fired: () => void): TimerFunction {
  const wrapper = function (this: unknown, callback: unknown, ...rest: unknown[]): unknown {
    // What is no function is refused by the original, in its own words.
    if (typeof callback !== "function") return original.call(this, callback as never, ...rest);
    const call = function (this: unknown, ...args: unknown[]): unknown {
      fired();
      return callback.apply(this, args);
    };
    return original.call(this, call, ...rest);
  };
  // Name, length, and the promisified form that util.promisify looks for.
  Object.defineProperties(wrapper, Object.getOwnPropertyDescriptors(original));
  return wrapper;
}

/** Observes the timers of this thread, from the global functions and from `node:timers`. */
export function observeTimers(require: ReturnType<typeof createRequire>): void {
  const timers = require("node:timers") as Timers;
  const events = {
    setImmediate: schedEvents.sched_s_timer_fn,
    setTimeout: schedEvents.sched_t_timer_fn,
    setInterval: schedEvents.sched_dom_timer_fn,
  };
  for (const name of ["setImmediate", "setTimeout", "setInterval"] as const) {
    const wrapper = observed(timers[name], events[name]);
    timers[name] = wrapper;
    const descriptor = Object.getOwnPropertyDescriptor(globalThis, name);
    Object.defineProperty(globalThis, name, { ...descriptor, value: wrapper });
  }
  syncBuiltinESMExports();
}
