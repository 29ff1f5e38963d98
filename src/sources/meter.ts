// What a source asks before it records an event: whether it may. It is asked for every event of a source, also of
// those that come a million times a second, so the usual answer is a decrement and a comparison.

/** What one event of a source costs. */
export interface Cost {
  /** Records that it writes. */
  readonly records: number;
  /** Texts in them. Default: none. */
  readonly texts?: number;
}

/** The budget that a meter belongs to. */
export interface Account {
  /** A reading of `performance.now()`. */
  now(): number;
  /** Pays for events. False: `meter`, or another that costs more, has backed off. */
  spend(meter: Meter, ns: number, now: number): void;
  /** Whether that many nanoseconds in that time are well within the budget. */
  affords(ns: number, ms: number): boolean;
  /** Tells the trace of a meter that has backed off, of what it counted, and of its return. */
  backedOff(meter: Meter): void;
  counted(meter: Meter, since: number, now: number, count: number, totalNs: number): void;
  resumed(meter: Meter, since: number, now: number, count: number): void;
}

/** Events between two looks at the clock, while each is recorded. */
const STEP = 64;
/** While they are counted: so that a look falls due once in this time. */
const COUNT_MS = 1;
const STEP_MIN = 16;
const STEP_MAX = 1 << 20;
/** A storm is over when it was calm for so long. */
const CALM_MS = 100;

/** Counts the events of a source, and says which of them are recorded. Made by `SourceContext.meter`. */
export class Meter {
  readonly source: string;
  /** Nanoseconds that one event costs. */
  readonly cost: number;
  /** @internal What it cost lately, by which the budget finds the dearest. */
  recent = 0;
  readonly #account: Account;
  #left: number = STEP;
  #step: number = STEP;
  #single = true;
  #total = 0;
  /** While it is backed off: since when it counts, since when it is calm, when the storm began, all its events. */
  #since = 0;
  #calmSince = 0;
  #began = 0;
  #all = 0;

  constructor(account: Account, source: string, cost: number) {
    this.#account = account;
    this.source = source;
    this.cost = cost;
  }

  /** Takes note of an event. True: record it. False: it was counted, and must not be recorded. */
  take(): boolean {
    if (--this.#left > 0) return this.#single;
    return this.#look();
  }

  /** Adds to what the events took that are only counted, for sources that know how long theirs take. */
  took(ns: number): void {
    this.#total += ns;
  }

  /** False while events are only counted. */
  get recordsEach(): boolean {
    return this.#single;
  }

  /** @internal From now on events are only counted. */
  backOff(now: number): void {
    if (!this.#single) return;
    this.#single = false;
    this.#since = now;
    this.#calmSince = now;
    this.#began = now;
    this.#all = 0;
    this.#total = 0;
    this.#left = this.#step;
    this.#account.backedOff(this);
  }

  /** @internal Tells what was counted, and returns to single events when the storm is over. */
  flush(now: number): void {
    if (this.#single) return;
    const count = this.#step - this.#left;
    const ms = now - this.#since;
    if (count > 0) this.#account.counted(this, this.#since, now, count, this.#total);
    this.#all += count;
    this.#total = 0;
    if (!this.#account.affords(count * this.cost, ms)) this.#calmSince = now;
    this.#since = now;
    if (now - this.#calmSince >= CALM_MS) this.#resume(now);
    else
      this.#step = Math.round(
        Math.min(Math.max((count * COUNT_MS) / Math.max(ms, 0.001), STEP_MIN), STEP_MAX),
      );
    this.#left = this.#step;
  }

  /** @internal Ends it: what was counted is told. */
  end(now: number): void {
    if (this.#single) return;
    const count = this.#step - this.#left;
    if (count > 0) this.#account.counted(this, this.#since, now, count, this.#total);
    this.#all += count;
    this.#resume(now);
  }

  #resume(now: number): void {
    this.#single = true;
    this.#step = STEP;
    this.#left = STEP;
    this.recent = 0;
    this.#account.resumed(this, this.#began, now, this.#all);
  }

  #look(): boolean {
    const now = this.#account.now();
    if (!this.#single) {
      this.flush(now);
      return this.#single;
    }
    const count = this.#step;
    this.#left = count;
    this.#account.spend(this, count * this.cost, now);
    return this.#single;
  }
}
