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
  /** Nanoseconds since the epoch (UTC) at time 0, from `Date.now()`: 1 ms steps. */
  readonly wallNs: bigint;
}

export const performanceClock: Clock = performance;

/** Reads the base at boot. */
export function readClockBase(): ClockBase {
  // Waits for a step of the wall clock, so that its millisecond is known to a few microseconds; at
  // most 2 ms, in case the clock is set back meanwhile.
  const begin = performance.now();
  const before = Date.now();
  let wall = before;
  let bootMs = begin;
  while (wall === before && bootMs - begin < 2) {
    wall = Date.now();
    bootMs = performance.now();
  }
  return { timeOriginMs: performance.timeOrigin, bootMs, wallNs: BigInt(wall) * 1_000_000n };
}

/** Reading of this thread's `performance.now()` at the hypervisor's time 0, in milliseconds. */
export function localOrigin(base: ClockBase): number {
  return base.bootMs + (base.timeOriginMs - performance.timeOrigin);
}
