// What a call that must fail throws.

import { TraceError } from "../../src/index.js";

/** The TraceError that `act` throws. Throws what else it throws, and an Error if it throws nothing. */
export function refusal(act: () => unknown): TraceError {
  try {
    act();
  } catch (error) {
    if (error instanceof TraceError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
