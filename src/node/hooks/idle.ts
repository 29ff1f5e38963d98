// When this thread's event loop was idle. libuv says how long, not when: it is taken to be since the loop had come
// round.

import { performance } from "node:perf_hooks";
import { type Disposable, disposable } from "../../dispose.js";
import { onTurn } from "./turn.js";

/** What is told of the loop. Times are readings of `performance.now()`, in milliseconds. Must not throw. */
export interface IdleListener {
  /** It was idle from `start` on, for `ms`. Told at the first callback after that which is known, at `now`. */
  idle?(start: number, ms: number, now: number): void;
  /** It has come round and had more to run, without being idle. `ms`: how long that turn took. */
  busy?(now: number, ms: number): void;
}

/** Tells `listener` of idle times until that is disposed of. */
export function onIdle(listener: IdleListener): Disposable {
  const { nodeTiming } = performance;
  let known = nodeTiming.idleTime;
  let turned = performance.now();
  // Of the turn that this is called in, nothing is known.
  let wasIdle = true;
  const turns = onTurn({
    begins(now) {
      const total = nodeTiming.idleTime;
      const ms = total - known;
      wasIdle = ms > 0;
      if (!wasIdle) return;
      known = total;
      // It has ended by now, whatever the rounding of two clocks says.
      listener.idle?.(Math.max(0, Math.min(turned, now - ms)), ms, now);
    },
    turned(now) {
      if (!wasIdle) listener.busy?.(now, now - turned);
      turned = now;
    },
  });
  return disposable(() => turns.dispose());
}
