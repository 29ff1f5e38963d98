// The clock of a CPU: a reading in milliseconds, and which reading is the hypervisor's time 0.

/** A monotonic clock: `now()` in milliseconds, with as many decimals as it can tell apart. */
export interface Clock {
  now(): number;
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

/** Reading of this thread's `performance.now()` at the hypervisor's time 0, in milliseconds. */
export function localOrigin(base: ClockBase): number {
  return base.bootMs + (base.timeOriginMs - performance.timeOrigin);
}
