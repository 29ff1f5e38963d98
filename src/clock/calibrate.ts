// Calibration of a thread's clock against dom0's, through shared memory: the thread asks a number of
// times what time it is, dom0 answers at once, and the quickest answer tells the most. Half of its
// round trip bounds the error, for the answer was given at some moment within it.

import { ERROR_UNKNOWN } from "../../assembly/public/layout.js";
import { TraceError } from "../errors.js";
import {
  ANSWER_ERROR_WORD,
  ANSWER_TIME_LONG,
  ANSWER_WORD,
  ASKER_WORD,
  QUESTION_WORD,
} from "../memory/control-page.js";
import type { MemoryViews } from "../memory/views.js";
import { clockResolutionNs, type Origin } from "./clock.js";
import { unref } from "./unref.js";

const NS_PER_MS = 1_000_000;

/** Answers of which the quickest is taken, and milliseconds after which those that came must do. */
const ROUNDS = 64;
const ENOUGH_MS = 50;
/** Milliseconds that a question is waited for before the event loop comes round, on either side. */
const SPIN_MS = 2;
/** Milliseconds without a question after which dom0 takes a thread that asks for dead. */
const DEAD_MS = 250;
/** Milliseconds between two looks of dom0 while a thread asks. */
const ASKED_MS = 1;
/** Milliseconds between two looks of a dom0 that cannot wait for a thread to ask. */
const POLL_MS = 20;

export interface CalibrateOptions {
  /** Milliseconds after which a dom0 that does not answer is given up. Default 1000. */
  readonly timeoutMs?: number;
}

interface Answer {
  readonly tripMs: number;
  readonly origin: Origin;
}

/** The bits of a time, which go through shared memory as a u64: `Atomics` knows no f64. */
const time = new Float64Array(1);
const timeBits = new BigUint64Array(time.buffer);

/** What waiting comes to where it is not possible. */
const NO_WAIT = { async: false, value: "not-equal" } as const;

const turn = (): Promise<void> => new Promise((done) => setTimeout(done, 0));

/**
 * Finds out which reading of this thread's clock is time 0. Blocks nobody for longer than a few
 * milliseconds. Throws TraceError `no-answer` when no dom0 answers in time.
 * @param tid number of this thread: one asks at a time
 */
export async function askTime(
  views: MemoryViews,
  tid: number,
  { timeoutMs = 1000 }: CalibrateOptions,
): Promise<Origin> {
  const { words } = views;
  const begin = performance.now();
  const elapsedMs = (): number => performance.now() - begin;
  let best: Answer | undefined;
  try {
    for (let answers = 0; answers < ROUNDS && !(best && elapsedMs() > ENOUGH_MS); ) {
      // Each time anew: dom0 forgets a thread that was held up for too long.
      const asker = Atomics.compareExchange(words, ASKER_WORD, 0, tid + 1);
      if (asker === 0) Atomics.notify(words, ASKER_WORD);
      const mine = asker === 0 || asker === tid + 1;
      const answer = mine ? askOnce(views) : undefined;
      if (answer) {
        answers++;
        if (!best || answer.tripMs < best.tripMs) best = answer;
      } else if (elapsedMs() < timeoutMs) await turn();
      else throw noAnswer(timeoutMs, mine ? "dom0 does not answer" : "another thread is asking");
    }
    return (best as Answer).origin;
  } finally {
    Atomics.compareExchange(words, ASKER_WORD, tid + 1, 0);
  }
}

function askOnce(views: MemoryViews): Answer | undefined {
  const { words } = views;
  const sent = performance.now();
  // Pairs with the load in `answerAll`. One addition: a thread that was held up between a load and a
  // store would ask a question that has been asked, and take another's answer for its own.
  const question = (Atomics.add(words, QUESTION_WORD, 1) + 1) | 0;
  // Pairs with the store in `answerAll`: its time and error are seen with it.
  while (Atomics.load(words, ANSWER_WORD) !== question) {
    if (performance.now() - sent > SPIN_MS) return undefined;
  }
  const received = performance.now();
  const tripMs = received - sent;
  timeBits[0] = Atomics.load(views.longs, ANSWER_TIME_LONG);
  const theirs = time[0] as number;
  const theirErrorNs = Atomics.load(words, ANSWER_ERROR_WORD);
  // If this thread slept here, dom0 forgot it, and another asks. Its question comes before its answer's
  // first word, which `ANSWER` follows only at the end. Pairs with the addition above.
  if (Atomics.load(words, QUESTION_WORD) !== question) return undefined;
  const errorNs = Math.ceil((tripMs / 2) * NS_PER_MS) + theirErrorNs + clockResolutionNs();
  const unknown = theirErrorNs === ERROR_UNKNOWN;
  return {
    tripMs,
    origin: { ms: (sent + received) / 2 - theirs, errorNs: unknown ? undefined : errorNs },
  };
}

function noAnswer(timeoutMs: number, why: string): TraceError {
  return new TraceError("no-answer", `calibrate: ${why}: timeoutMs=${timeoutMs}`);
}

/**
 * Answers threads that ask, for as long as this thread is dom0. Costs nothing while nobody asks (a
 * look now and then where it cannot wait), and keeps no process alive. @returns what ends it
 */
export function answerTime(views: MemoryViews, origin: () => Origin): () => void {
  const { words } = views;
  let ended = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** The last question that was seen, and since when. */
  let seen = Atomics.load(words, QUESTION_WORD);
  let since = performance.now();

  const later = (ms: number): void => {
    timer = unref(setTimeout(look, ms));
  };
  const wait = (): void => {
    const { async, value } = views.canWait ? Atomics.waitAsync(words, ASKER_WORD, 0) : NO_WAIT;
    if (async) {
      value.then(() => {
        since = performance.now();
        look();
      });
    } else later(views.canWait ? 0 : POLL_MS);
  };
  const look = (): void => {
    if (ended) return;
    answerAll(views, origin());
    const asker = Atomics.load(words, ASKER_WORD);
    const question = Atomics.load(words, QUESTION_WORD);
    if (question !== seen || asker === 0) since = performance.now();
    seen = question;
    // It has died while it asked: or this thread would look for its questions for ever.
    const dead = performance.now() - since > DEAD_MS;
    if (dead) Atomics.compareExchange(words, ASKER_WORD, asker, 0);
    if (asker === 0 || dead) wait();
    else later(ASKED_MS);
  };
  wait();
  return () => {
    ended = true;
    clearTimeout(timer);
    // Ends the wait, which would keep the memory for ever.
    Atomics.notify(words, ASKER_WORD);
  };
}

/** Answers whoever asks until nobody does, or for `SPIN_MS` after the last question. */
function answerAll(views: MemoryViews, origin: Origin): void {
  const { words } = views;
  let last = performance.now();
  let answered = Atomics.load(words, ANSWER_WORD);
  // Pairs with the CAS of askTime, which takes its name away when it has heard enough.
  while (Atomics.load(words, ASKER_WORD) !== 0 && performance.now() - last < SPIN_MS) {
    // Pairs with the store in `askOnce`.
    const question = Atomics.load(words, QUESTION_WORD);
    if (question === answered) continue;
    last = performance.now();
    time[0] = last - origin.ms;
    Atomics.store(views.longs, ANSWER_TIME_LONG, timeBits[0] as bigint);
    Atomics.store(words, ANSWER_ERROR_WORD, origin.errorNs ?? ERROR_UNKNOWN);
    Atomics.store(words, ANSWER_WORD, question);
    answered = question;
  }
}
