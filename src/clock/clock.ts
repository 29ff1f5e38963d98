// Clocks: a reading in milliseconds, which reading is the hypervisor's time 0, and how well a thread
// knows that.

import { TraceError } from "../errors.js";

/** A monotonic clock: `now()` in milliseconds, with as many decimals as it can tell apart. */
export interface Clock {
  now(): number;
}

/**
 * Where the times of a CPU's records come from:
 *
 * - `precise`: `performance.now()`, read for each record.
 * - `coarse`: a word in shared memory that a ticker keeps fresh (`Hypervisor.startTicker`): no clock
 *   is read, and time moves on in steps of the ticker's. Worth most in browsers.
 * - `caller`: the program says what time it is (`Cpu.setTime`), for as many records as it likes.
 */
export type ClockKind = "precise" | "coarse" | "caller";

/** A CPU's clock, as metadata and readers tell of it. */
export interface CpuClock {
  readonly cpu: number;
  readonly clock: ClockKind;
  /** Nanoseconds between two times that it can tell apart; 0: nobody knows. */
  readonly resolutionNs: number;
  /** Nanoseconds by which its times may be off from those of the thread that booted; undefined:
   * nobody knows, as the thread has another clock and was not calibrated. */
  readonly errorNs: number | undefined;
}

/**
 * What a thread needs to know to tell the hypervisor's time.
 *
 * Threads may count `performance.now()` from moments of their own (Deno, browsers), so a moment is
 * told by two numbers: the time origin and the reading since. They are never added up: their sum is
 * a double whose step is about 244 ns.
 */
export interface ClockBase {
  /** `performance.timeOrigin` of the thread that booted: milliseconds since the epoch. */
  readonly timeOriginMs: number;
  /** Its `performance.now()` at boot: milliseconds. Time 0 of every record. */
  readonly bootMs: number;
  /** Nanoseconds since the epoch (UTC) at time 0: see `readClockBase` for how exact. */
  readonly wallNs: bigint;
}

/** A thread's own reading of time 0, and how sure that is. */
export interface Origin {
  /** Reading of this thread's `performance.now()` at the hypervisor's time 0, in milliseconds. */
  readonly ms: number;
  /** Nanoseconds; undefined: nobody knows. */
  readonly errorNs: number | undefined;
}

export const performanceClock: Clock = performance;

/**
 * Reads the base at boot, without waiting. `timeOrigin` tells the wall clock to microseconds, unless
 * that was set since, or drifted away from the monotonic one. `Date.now()` tells it to its
 * millisecond, so what the first says is moved into what the second leaves: wrong by microseconds
 * usually, and by 1 ms at most.
 */
export function readClockBase(): ClockBase {
  const { timeOrigin: timeOriginMs } = performance;
  const bootMs = performance.now();
  const wallMs = Date.now();
  // The wall clock was read up to so much later than the monotonic one.
  const laterMs = performance.now() - bootMs;
  const atBootMs = Math.min(Math.max(timeOriginMs + bootMs, wallMs - laterMs), wallMs + 1);
  return { timeOriginMs, bootMs, wallNs: BigInt(Math.round(atBootMs * 1000)) * 1000n };
}

/**
 * The origin by what the runtime says. A thread whose clock began at the same moment has the same
 * clock: all threads of Node. Others have a time origin of their own, which nobody vouches for.
 */
export function localOrigin(base: ClockBase): Origin {
  const apartMs = base.timeOriginMs - performance.timeOrigin;
  return { ms: base.bootMs + apartMs, errorNs: apartMs === 0 ? 0 : undefined };
}

/** Steps of the clock that are looked at, and milliseconds after which one is enough. */
const STEPS = 64;
const MEASURE_MS = 0.5;
let measuredNs: number | undefined;

/** The smallest step of `performance.now()` that was seen here, in nanoseconds. Measured once. */
export function clockResolutionNs(): number {
  measuredNs ??= measureResolution();
  return measuredNs;
}

function measureResolution(): number {
  const begin = performance.now();
  let last = begin;
  // Not MEASURE_MS: in a page that is not isolated Firefox steps 1 ms, and its resolution is that.
  let least = Number.POSITIVE_INFINITY;
  for (let steps = 0; steps < STEPS && last - begin < MEASURE_MS; ) {
    const now = performance.now();
    if (now === last) continue;
    least = Math.min(least, now - last);
    last = now;
    steps++;
  }
  return Math.max(1, Math.round(least * 1_000_000));
}

/** The clock of a CPU that its program sets. */
export class CallerClock implements Clock {
  #now: number;

  constructor(now: number) {
    this.#now = now;
  }

  /** `now`: a reading of the thread's `performance.now()`, in milliseconds. Throws `bad-option`. */
  set(now: number): void {
    if (!Number.isFinite(now)) {
      throw new TraceError("bad-option", `setTime: now=${now} is no time in milliseconds`);
    }
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }
}

/** The clock of a CPU that takes the coarse time: NaN asks the hypervisor for it. */
export const coarseClock: Clock = { now: () => Number.NaN };
