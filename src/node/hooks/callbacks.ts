// Which callback of the program runs now, as far as its beginning and end are known: those that wrappers of hooks
// announce. They tell the listeners, which record it.

import { performanceClock } from "../../clock/clock.js";
import { type Disposable, disposable } from "../../dispose.js";
import { touch } from "./turn.js";

/** What kinds of callbacks there are. The numbers stay as they are. */
export const NONE = 0;
export const IMMEDIATE = 1;
export const TIMEOUT = 2;
export const INTERVAL = 3;
export const MESSAGE = 4;
export const REQUEST = 5;

/** What users call a kind of callback. */
export const KIND_NAMES: readonly string[] = Object.freeze([
  "",
  "immediate",
  "timeout",
  "interval",
  "message",
  "http request",
]);

/** The callback that runs in this thread; a view, which changes. */
export interface Running {
  /** Its kind, NONE when none runs that is known. */
  readonly kind: number;
  /** When it began, or, if there is none, when the last one did: a reading of `performance.now()`. */
  readonly since: number;
  /** When the last one ended. */
  readonly ended: number;
}

/** What is told of callbacks. Times are readings of `performance.now()`, in milliseconds. */
export interface CallbackListener {
  /** One begins. `due`: when it was due; as `now` where nobody knows. */
  begins(kind: number, now: number, due: number): void;
  /** It has ended, or thrown. Not told of what ends unseen: the continuation of a promise. */
  ended?(kind: number, now: number, since: number): void;
}

const state = { kind: NONE, since: 0, ended: 0 };
export const running: Running = state;

let listeners: readonly CallbackListener[] = [];
/** Each of them has this many wrappers around it. */
let depth = 0;

/** Tells `listener` of callbacks, as long as somebody's wrappers announce them. */
export function onCallback(listener: CallbackListener): Disposable {
  const own: CallbackListener = { ...listener };
  listeners = [...listeners, own];
  return disposable(() => {
    listeners = listeners.filter((each) => each !== own);
  });
}

/**
 * A callback is about to be called: to be followed by `leave`, in a `finally`. One within another is a part of that.
 * @param due when it was due, a reading of `performance.now()`; NaN: nobody knows
 */
export function enter(kind: number, due: number): void {
  if (depth++ > 0) return;
  const now = performanceClock.now();
  touch(now);
  state.kind = kind;
  state.since = now;
  for (const listener of listeners) listener.begins(kind, now, due < now ? due : now);
}

/** The callback that was entered has ended. */
export function leave(): void {
  if (--depth > 0) return;
  const now = performanceClock.now();
  const { kind, since } = state;
  state.kind = NONE;
  state.ended = now;
  for (const listener of listeners) listener.ended?.(kind, now, since);
}

/** A callback begins whose end nobody will see: the continuation of a promise. */
export function begin(kind: number, due: number): void {
  if (depth > 0) return;
  const now = performanceClock.now();
  touch(now);
  for (const listener of listeners) listener.begins(kind, now, due < now ? due : now);
}
