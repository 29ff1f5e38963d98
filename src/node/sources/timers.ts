// Source of the timer_fn events: records when a callback of setImmediate (s_timer_fn), setTimeout
// (t_timer_fn) or setInterval (dom_timer_fn) begins to run. `timers/promises` is not observed.

import timersModule from "node:timers";
import { xenSched } from "../../facilities/index.js";
import type { Meter } from "../../sources/meter.js";
import { turn } from "../../sources/turn.js";
import { type Hook, lookLike, replace } from "../hooks/replace.js";
import { defineSource } from "./source.js";

type TimerFunction = (callback: (...args: unknown[]) => void, ...rest: unknown[]) => unknown;
type Timers = Record<"setImmediate" | "setTimeout" | "setInterval", TimerFunction>;

export const timers = defineSource({
  name: "timers",
  description: "Callbacks of setTimeout, setInterval and setImmediate that begin to run.",
  byDefault: true,
  facility: xenSched,
  events: ["sched_s_timer_fn", "sched_t_timer_fn", "sched_dom_timer_fn"],
  install({ events, meter: open }) {
    const meter = open({ records: 1 });
    return replace([timersModule as unknown as Timers, globalThis as unknown as Timers], {
      setImmediate: observed(meter, events.sched_s_timer_fn),
      setTimeout: observed(meter, events.sched_t_timer_fn),
      setInterval: observed(meter, events.sched_dom_timer_fn),
    });
  },
});

/** Wraps a timer function so that `fired` is called before its callback; else it is unchanged. */
function observed(meter: Meter, fired: () => void) {
  return (original: TimerFunction, hook: Hook): TimerFunction => {
    const wrapper = function (this: unknown, callback: unknown, ...rest: unknown[]): unknown {
      // What is no function is refused by the original, in its own words.
      if (!hook.active || typeof callback !== "function") {
        return original.call(this, callback as never, ...rest);
      }
      const call = function (this: unknown, ...args: unknown[]): unknown {
        // An interval may outlive the hook.
        if (hook.active && meter.take()) fired();
        turn.inTimer = true;
        try {
          return callback.apply(this, args);
        } finally {
          turn.inTimer = false;
        }
      };
      return original.call(this, call, ...rest);
    };
    // Name, length, and the promisified form that util.promisify looks for.
    return lookLike(wrapper, original);
  };
}
