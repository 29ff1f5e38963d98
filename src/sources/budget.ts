// The promise about cost: all sources of a thread together take no more than a part of its time. They pay from one
// purse, which fills as time goes by. When it is empty, the source that cost most lately counts its events instead of
// recording them, until the storm is over.
//
// A source takes part by one line: `const meter = context.meter({ records: 1 })`, and asks `meter.take()` before it
// records an event.

import { performanceClock } from "../clock/clock.js";
import { unref } from "../clock/unref.js";
import { badOption } from "../errors.js";
import { nodeSource } from "../facilities/index.js";
import { sharedTracepoints } from "../tracepoint/shared.js";
import { recordCost } from "./cost.js";
import { type Account, type Cost, Meter } from "./meter.js";

/** Per cent of a thread's time, where nobody says otherwise. */
export const BUDGET_PERCENT = 2;
/** From here on sources are not held back. */
const NO_LIMIT = 100;
/** The purse holds what fills in this time: a burst that is paid from it is recorded whole. */
const PURSE_MS = 100;
/** The part of the budget below which a source that counts may return. */
const CALM = 0.5;
/** Counts are told at least this often while the event loop turns: a storm may end without one more event. */
const TELL_MS = 50;
const NS_PER_MS = 1_000_000;

// The originals: sources may replace those of the global object.
const startTimer = setInterval;
const stopTimer = clearInterval;

type Timer = ReturnType<typeof setInterval>;

/** The purse of a thread, and the meters that pay from it. */
export class Budget implements Account {
  readonly #meters = new Set<Meter>();
  readonly #timeNs: (ms: number) => number;
  /** Nanoseconds that a millisecond brings. */
  readonly #income: number;
  #purse: number;
  #filled: number;
  #period: number;
  #timer: Timer | undefined;

  /**
   * @param percent of the thread's time, more than 0; from 100 on there is no limit
   * @param timeNs as `SourceContext.timeNs`
   * Throws TraceError `bad-option`.
   */
  constructor(percent: number, timeNs: (ms: number) => number) {
    if (!(percent > 0)) throw badOption("sources", "budget", "a percentage above 0", percent);
    this.#income = percent >= NO_LIMIT ? Number.POSITIVE_INFINITY : (percent / 100) * NS_PER_MS;
    this.#timeNs = timeNs;
    this.#purse = this.#income * PURSE_MS;
    this.#filled = performanceClock.now();
    this.#period = this.#filled;
  }

  /** A meter for events of `source`. */
  meter(source: string, { records, texts = 0 }: Cost): Meter {
    const meter = new Meter(this, source, recordCost(records, texts));
    this.#meters.add(meter);
    return meter;
  }

  /** Ends a meter: what it has counted is told. */
  end(meter: Meter): void {
    this.#meters.delete(meter);
    meter.end(this.now());
    this.#stopTelling();
  }

  now(): number {
    return performanceClock.now();
  }

  spend(meter: Meter, ns: number, now: number): void {
    this.#purse = Math.min(
      this.#income * PURSE_MS,
      this.#purse + (now - this.#filled) * this.#income,
    );
    this.#filled = now;
    if (now - this.#period > PURSE_MS) {
      for (const each of this.#meters) each.recent /= 2;
      this.#period = now;
    }
    meter.recent += ns;
    this.#purse -= ns;
    if (this.#purse >= 0) return;
    // What made the debt is gone with the dearest: the others begin anew, but not with a whole purse.
    this.#purse = (this.#income * PURSE_MS) / 2;
    let dearest = meter;
    for (const each of this.#meters) {
      if (each.recordsEach && each.recent > dearest.recent) dearest = each;
    }
    dearest.backOff(now);
  }

  affords(ns: number, ms: number): boolean {
    return ns <= ms * this.#income * CALM;
  }

  backedOff({ source, cost }: Meter): void {
    this.#timer ??= unref(startTimer(() => this.#tell(), TELL_MS));
    tracepoints().backed_off(source, Math.round(cost));
  }

  counted({ source }: Meter, since: number, now: number, count: number, totalNs: number): void {
    const start = this.#timeNs(since);
    tracepoints().summary(start, this.#timeNs(now) - start, source, count, Math.round(totalNs));
  }

  resumed({ source }: Meter, since: number, now: number, count: number): void {
    const start = this.#timeNs(since);
    tracepoints().resumed(start, this.#timeNs(now) - start, source, count);
  }

  #tell(): void {
    const now = this.now();
    for (const meter of this.#meters) meter.flush(now);
    this.#stopTelling();
  }

  #stopTelling(): void {
    for (const { recordsEach } of this.#meters) if (!recordsEach) return;
    stopTimer(this.#timer);
    this.#timer = undefined;
  }
}

const tracepoints = () => sharedTracepoints(nodeSource);
