// What the threads of a program and its flight recorder share: words in shared memory, and a port of the recorder's.

/** Environment data of Node's threads: the FlightWords. */
export const FLIGHT_KEY = "tbuf.flight";

/** What the threads of a recorded process have to do with its flight recorder (Int32Array, shared). */
export type FlightWords = Int32Array;
/** Port of the event channel by which the recorder is told to look at the triggers. */
export const FLIGHT_PORT = 0;
/** Bit i: the trigger of that number in TRIGGERS has come since the recorder looked last. */
export const FLIGHT_TRIGGERS = 1;
/** Exit code of the main thread, before it ends the recording. */
export const FLIGHT_EXIT = 2;
export const FLIGHT_WORDS = 3;

export const TRIGGERS = ["snapshot()", "uncaught error", "SIGUSR2"] as const;
export type Trigger = (typeof TRIGGERS)[number];

/** How a flight recorder dumps. */
export interface FlightConfig {
  /** Milliseconds after a dump in which triggers make no other one. */
  readonly pauseMs: number;
  /** Most dumps that are kept; undefined: all. */
  readonly maxFiles?: number | undefined;
}
