/// <reference lib="esnext.disposable" preserve="true" />
// A ticker keeps the coarse time fresh, for CPUs that read no clock of their own.

import { makeDisposable } from "../dispose.js";
import { badOption, checkOptions } from "../errors.js";
import { COARSE_LONG, COARSE_STEP_WORD, TICKERS_WORD } from "../memory/control-page.js";
import type { MemoryViews } from "../memory/views.js";
import { unref } from "./unref.js";

const NS_PER_MS = 1_000_000;
const STEP_MAX = 2 ** 31 - 1;
const EVERY_MS_MAX = 1000;

export interface TickerOptions {
  /** Milliseconds between two ticks, up to 1000. Default 1. */
  readonly everyMs?: number;
}

/** Milliseconds from the options. Throws TraceError `bad-option`. */
function everyMsOf(what: string, options: TickerOptions): number {
  checkOptions(what, options, ["everyMs"]);
  const { everyMs = 1 } = options;
  if (typeof everyMs === "number" && everyMs > 0 && everyMs <= EVERY_MS_MAX) return everyMs;
  const expected = `a number of milliseconds above 0 and up to ${EVERY_MS_MAX}`;
  throw badOption(what, "everyMs", expected, everyMs);
}

/** Whether some ticker runs. */
export function tickerRuns({ words }: MemoryViews): boolean {
  return Atomics.load(words, TICKERS_WORD) > 0;
}

/** The longest step that the coarse time has made so far, in nanoseconds, saturated at 2^31 - 1. */
export function coarseStepNs({ words }: MemoryViews): number {
  return Atomics.load(words, COARSE_STEP_WORD);
}

/** Moves the coarse time on. One a thread is enough, and one thread. */
class Hand {
  readonly #views: MemoryViews;
  readonly #originMs: number;
  #last: number;

  constructor(views: MemoryViews, originMs: number, everyMs: number) {
    this.#views = views;
    this.#originMs = originMs;
    this.#last = performance.now();
    // The step that is promised; a longer one that happens replaces it.
    this.#atLeast(everyMs);
    this.#show();
  }

  tick(): void {
    const now = performance.now();
    this.#atLeast(now - this.#last);
    this.#last = now;
    this.#show();
  }

  #show(): void {
    const ns = Math.max(0, Math.round((this.#last - this.#originMs) * NS_PER_MS));
    // Pairs with the load in stamp: assembly/cpu.ts, src/writer/stamp.ts.
    Atomics.store(this.#views.longs, COARSE_LONG, BigInt(ns));
  }

  #atLeast(stepMs: number): void {
    const step = Math.min(Math.ceil(stepMs * NS_PER_MS), STEP_MAX);
    const { words } = this.#views;
    if (step > Atomics.load(words, COARSE_STEP_WORD)) Atomics.store(words, COARSE_STEP_WORD, step);
  }
}

/** A ticker on a timer of this thread's event loop. */
export class Ticker {
  /** `using`: stops it. Only where the runtime has Symbol.dispose. */
  declare readonly [Symbol.dispose]: () => void;
  readonly #views: MemoryViews;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Throws TraceError `bad-option`. Made by `Hypervisor.startTicker`. */
  constructor(views: MemoryViews, originMs: number, options: TickerOptions) {
    const everyMs = everyMsOf("startTicker", options);
    const hand = new Hand(views, originMs, everyMs);
    this.#views = views;
    this.#timer = unref(setInterval(() => hand.tick(), everyMs));
    Atomics.add(views.words, TICKERS_WORD, 1);
    makeDisposable(this, () => this.stop());
  }

  /** The coarse time stands still from here on, unless another ticker runs. May be called twice. */
  stop(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    Atomics.sub(this.#views.words, TICKERS_WORD, 1);
  }
}

/**
 * Ticks without an event loop, for a thread that does nothing else: it sleeps in between, and no
 * work of other threads holds it up. Returns when `stop` says so, asked after each tick.
 */
export function tickUntil(
  views: MemoryViews,
  originMs: number,
  stop: () => boolean,
  options: TickerOptions,
): void {
  const everyMs = everyMsOf("runTicker", options);
  const hand = new Hand(views, originMs, everyMs);
  const nobody = new Int32Array(new SharedArrayBuffer(4));
  Atomics.add(views.words, TICKERS_WORD, 1);
  try {
    while (!stop()) {
      Atomics.wait(nobody, 0, 0, everyMs);
      hand.tick();
    }
  } finally {
    Atomics.sub(views.words, TICKERS_WORD, 1);
  }
}
