// Source of what a thread's event loop does, in Xen's terms: it blocks, wakes, and yields.
//
// It is recorded later than it was, by its true time. Where the thread has recorded something else meanwhile, time
// may not go back in its buffer: the record is then as late as that one. The source `idle` has the true times always.

import { xenSched } from "../../facilities/index.js";
import { timedTracepoints } from "../../tracepoint/timed.js";
import { onIdle } from "../hooks/idle.js";
import { defineSource } from "./source.js";

/** Turns that take less than this are not told: nothing is seen by them, and a storm of them would cost. */
const YIELD_MS = 0.05;

export const loop = defineSource({
  name: "loop",
  description: "The event loop goes idle, is woken, or comes round with more to run.",
  byDefault: true,
  facility: xenSched,
  events: ["sched_block", "sched_wake", "sched_yield"],
  install({ cpu }) {
    const { domain, index } = cpu;
    const { sched_block, sched_wake, sched_yield } = timedTracepoints(xenSched);
    return onIdle({
      idle(start, ms) {
        sched_block(start, domain, index);
        sched_wake(start + ms, domain, index);
      },
      busy(now, ms) {
        if (ms >= YIELD_MS) sched_yield(now, domain, index);
      },
    });
  },
});
