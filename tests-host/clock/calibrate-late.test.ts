// Calibration, when the thread that asks is held up between two accesses: it takes no answer for its
// own that was given to another, whose time is later by as much as it was held up (I8).

import { describe, expect, it } from "vitest";
import * as layout from "../../assembly/public/layout.js";
import { askTime } from "../../src/clock/calibrate.js";
import { controlWord } from "../../src/memory/control-page.js";
import { useWorld } from "../lib/world.js";

const world = useWorld();
const QUESTION = controlWord(layout.CTL_QUESTION_AT);
const ANSWER = controlWord(layout.CTL_ANSWER_AT);
const TIME = controlWord(layout.CTL_ANSWER_TIME_AT) / 2;
const TID = 5;
/** Reading of the thread's clock, in ms, at which dom0's is at 0. */
const ZERO_MS = 2000;

/** Calls `run` while a property of a built-in object is another function. */
async function replaced<T>(
  target: object,
  name: string,
  by: unknown,
  run: () => Promise<T>,
): Promise<T> {
  const was = Reflect.get(target, name) as unknown;
  Object.defineProperty(target, name, { value: by, configurable: true, writable: true });
  try {
    return await run();
  } finally {
    Object.defineProperty(target, name, { value: was, configurable: true, writable: true });
  }
}

/** A dom0 whose clock stands at 1000 ms, and another thread that asks it at 9000 ms. */
function start() {
  const { views } = world.boot();
  const times = new Float64Array(views.buffer);
  const load = Atomics.load;
  const asked = () => load(views.words, QUESTION) !== load(views.words, ANSWER);
  const answer = (ms: number): void => {
    times[TIME] = ms;
    Atomics.store(views.words, ANSWER, load(views.words, QUESTION));
  };
  const other = (): void => {
    Atomics.add(views.words, QUESTION, 1);
    answer(9000);
  };
  return { views, answer, other, asked };
}

/** The thread's clock is at 3000 ms, and moves on by a little with each look at it. */
function clockOf(look: () => void): () => number {
  let now = 3000;
  return () => {
    look();
    now += 0.001;
    return now;
  };
}

describe("a thread that asks what time it is", () => {
  it("takes no time that was told to another after it saw its answer", async () => {
    const { views, answer, other, asked } = start();
    let [first, sleeps] = [true, false];
    const clock = clockOf(() => {
      // It sees its answer; before it reads the time, dom0 forgets it, and answers another.
      if (sleeps) other();
      sleeps = asked() && first;
      if (asked()) answer(1000);
      if (sleeps) first = false;
    });
    const origin = await replaced(performance, "now", clock, () => askTime(views, TID, {}));
    expect([first, Math.round(origin.ms)]).toEqual([false, ZERO_MS]);
  });

  it("asks no question that another has asked meanwhile", async () => {
    const { views, answer, other, asked } = start();
    let first = true;
    const clock = clockOf(() => {
      if (asked()) answer(1000);
    });
    const { load } = Atomics;
    const lateLoad = (words: Int32Array, index: number): number => {
      const value = load(words, index);
      if (first && words === views.words && index === QUESTION) {
        first = false;
        other();
      }
      return value;
    };
    const origin = await replaced(performance, "now", clock, () =>
      replaced(Atomics, "load", lateLoad, () => askTime(views, TID, {})),
    );
    expect([first, Math.round(origin.ms)]).toEqual([false, ZERO_MS]);
  });
});
