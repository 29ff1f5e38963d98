// A recording may end long before the program: by -T, or by a failure. Each thread then takes away what it has put in
// place, at its next turn.

import { STATE_FINISHED, WORD_STATE } from "./config.js";

/** Calls `action` once when the recording has ended; keeps nothing alive until then. */
export function whenFinished(words: Int32Array, action: () => void): void {
  const state = Atomics.load(words, WORD_STATE);
  if (state === STATE_FINISHED) {
    action();
    return;
  }
  const { async, value } = Atomics.waitAsync(words, WORD_STATE, state);
  if (async) value.then(() => whenFinished(words, action));
  else whenFinished(words, action);
}

/** The recording has ended already. */
export function isFinished(words: Int32Array): boolean {
  return Atomics.load(words, WORD_STATE) === STATE_FINISHED;
}
