// Calibration of a thread's clock against dom0's, through shared memory: the thread asks a number of
// times what time it is, dom0 answers at once, and the quickest answer tells the most. Half of its
// round trip bounds the error, for the answer was given at some moment within it.

import {
  CTL_ANSWER_AT,
  CTL_ANSWER_ERROR_AT,
  CTL_ANSWER_TIME_AT,
  CTL_ASKER_AT,
  CTL_QUESTION_AT,
  ERROR_UNKNOWN,
} from "../assembly/public/layout.js";
import { clockResolutionNs, type Origin } from "./clock.js";
import { TraceError } from "./errors.js";
import { controlWord, type MemoryViews } from "./memory.js";

const ASKER = controlWord(CTL_ASKER_AT);
const QUESTION = controlWord(CTL_QUESTION_AT);
const ANSWER = controlWord(CTL_ANSWER_AT);
const ERROR = controlWord(CTL_ANSWER_ERROR_AT);
const TIME = controlWord(CTL_ANSWER_TIME_AT) / 2;
const NS_PER_MS = 1_000_000;

/** Answers of which the quickest is taken, and milliseconds after which those that came must do. */
const ROUNDS = 64;
const ENOUGH_MS = 50;
/** Milliseconds that a question is waited for before the event loop comes round, on either side. */
const SPIN_MS = 2;
/** Milliseconds without a question after which a thread that asks counts as dead. */
const DEAD_MS = 250;
/** Milliseconds between two looks of a dom0 that cannot wait for a question. */
const POLL_MS = 1;

export interface CalibrateOptions {
  /** Milliseconds after which a dom0 that does not answer is given up. Default 1000. */
  readonly timeoutMs?: number;
}

/** Pairs the shared memory with the clock of this thread. `now`: for tests. */
export interface Calibration {
  readonly views: MemoryViews;
  readonly now: () => number;
}

function timeOf({ views }: Calibration): Float64Array {
  return new Float64Array(views.buffer, TIME * 8, 1);
}

const turn = (): Promise<void> => new Promise((done) => setTimeout(done, 0));

/**
 * Finds out which reading of this thread's clock is time 0. Blocks nobody for longer than a few
 * milliseconds. Throws TraceError `no-answer` when no dom0 answers in time.
 * @param tid number of this thread: one asks at a time
 */
export async function askTime(
  calibration: Calibration,
  tid: number,
  { timeoutMs = 1000 }: CalibrateOptions,
): Promise<Origin> {
  const { views, now } = calibration;
  const { words } = views;
  const begin = now();
  const inTime = (): boolean => now() - begin < timeoutMs;
  let stood = { question: Atomics.load(words, QUESTION), since: begin };
  for (let asker = 0; ; ) {
    const found = Atomics.compareExchange(words, ASKER, asker, tid + 1);
    if (found === asker) break;
    if (!inTime()) throw noAnswer(timeoutMs, "another thread is asking");
    await turn();
    const question = Atomics.load(words, QUESTION);
    if (question !== stood.question) stood = { question, since: now() };
    // One that asks nothing more has died while it asked.
    asker = now() - stood.since > DEAD_MS ? found : 0;
  }
  try {
    Atomics.notify(words, ASKER);
    let best: Origin | undefined;
    let bestTripMs = Number.POSITIVE_INFINITY;
    for (let answers = 0; answers < ROUNDS; ) {
      const answer = askOnce(calibration);
      if (best && now() - begin > ENOUGH_MS) break;
      if (!answer) {
        if (!inTime()) throw noAnswer(timeoutMs, "dom0 does not answer");
        await turn();
        continue;
      }
      answers++;
      if (answer.tripMs >= bestTripMs) continue;
      bestTripMs = answer.tripMs;
      best = answer.origin;
    }
    return best as Origin;
  } finally {
    Atomics.compareExchange(words, ASKER, tid + 1, 0);
  }
}

function askOnce(calibration: Calibration): { tripMs: number; origin: Origin } | undefined {
  const { views, now } = calibration;
  const { words } = views;
  const sent = now();
  const question = (Atomics.load(words, QUESTION) + 1) | 0;
  // Pairs with the load in `answerOne`.
  Atomics.store(words, QUESTION, question);
  let received = sent;
  // Pairs with the store in `answerOne`: its time and error are seen with it.
  while (Atomics.load(words, ANSWER) !== question) {
    received = now();
    if (received - sent > SPIN_MS) return undefined;
  }
  received = now();
  const tripMs = received - sent;
  const theirs = timeOf(calibration)[0] as number;
  const theirErrorNs = Atomics.load(words, ERROR);
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
 * Answers threads that ask, for as long as this thread is dom0. Costs nothing while nobody asks, and
 * keeps no process alive. @returns what ends it
 */
export function answerTime(calibration: Calibration, origin: () => Origin): () => void {
  const { words } = calibration.views;
  let ended = false;
  let poll: ReturnType<typeof setInterval> | undefined;
  const wait = (): void => {
    if (ended) return;
    const { async, value } = Atomics.waitAsync(words, ASKER, 0);
    if (async) value.then(woken);
    // A turn of the event loop: a thread that died while it asked must not hold this one up.
    else setTimeout(woken, 0);
  };
  const woken = (): void => {
    if (ended) return;
    answerAll(calibration, origin());
    if (Atomics.load(words, ASKER) === 0) wait();
    else setTimeout(wait, POLL_MS).unref?.();
  };
  if (calibration.views.canWait) wait();
  else {
    poll = setInterval(() => answerAll(calibration, origin()), POLL_MS);
    (poll as { unref?: () => void }).unref?.();
  }
  return () => {
    ended = true;
    clearInterval(poll);
    // Ends the wait, which would keep the memory for ever.
    Atomics.notify(words, ASKER);
  };
}

/** Answers whoever asks until nobody does, or for `SPIN_MS` after the last question. */
function answerAll(calibration: Calibration, origin: Origin): void {
  const { views, now } = calibration;
  const { words } = views;
  const time = timeOf(calibration);
  let last = now();
  let answered = Atomics.load(words, ANSWER);
  // Pairs with the CAS of askTime, which takes its name away when it has heard enough.
  while (Atomics.load(words, ASKER) !== 0 && now() - last < SPIN_MS) {
    // Pairs with the store in `askOnce`.
    const question = Atomics.load(words, QUESTION);
    if (question === answered) continue;
    last = now();
    time[0] = last - origin.ms;
    Atomics.store(words, ERROR, origin.errorNs ?? ERROR_UNKNOWN);
    Atomics.store(words, ANSWER, question);
    answered = question;
  }
}
