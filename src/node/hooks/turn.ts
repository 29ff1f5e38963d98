// The turns of this thread's event loop: something that is called once in each, and something that is called before
// the first callback of a turn that a hook knows of.
//
// An immediate that sets itself again runs once a turn, right after the callbacks of poll. It is unref'ed: it does
// not keep the loop from blocking in poll, nor the thread alive, and no turn comes to pass for it.

import timers from "node:timers";
import { performanceClock } from "../../clock/clock.js";
import { type Disposable, disposable } from "../../dispose.js";

/** What is told of turns. `now`: a reading of `performance.now()`, in milliseconds. Must not throw. */
export interface TurnListener {
  /** The callbacks of a turn begin: before the first that is known; at the latest right before `turned`. */
  begins?(now: number): void;
  /** The loop has come round: after the callbacks of poll. */
  turned?(now: number): void;
}

/** Node's own, whatever is in its place by the time. */
const { setImmediate } = timers;

let listeners: readonly TurnListener[] = [];
/** Nothing is known to have run since the loop has come round. */
let fresh = false;
let immediate: NodeJS.Immediate | undefined;

/** Tells `listener` of turns until that is disposed of. The turn that it is called in may be told only in part. */
export function onTurn(listener: TurnListener): Disposable {
  const own: TurnListener = { ...listener };
  listeners = [...listeners, own];
  if (!immediate) arm();
  return disposable(() => {
    listeners = listeners.filter((each) => each !== own);
    if (listeners.length > 0) return;
    if (immediate) clearImmediate(immediate);
    immediate = undefined;
    fresh = false;
  });
}

/** Something of the program's is about to run, or to be recorded: a turn begins, unless it has. */
export function touch(now: number): void {
  if (!fresh) return;
  fresh = false;
  for (const listener of listeners) listener.begins?.(now);
}

function arm(): void {
  immediate = setImmediate(turn).unref();
}

function turn(): void {
  // First: whatever a listener does, the next turn is heard of.
  arm();
  const now = performanceClock.now();
  touch(now);
  for (const listener of listeners) listener.turned?.(now);
  fresh = true;
}
