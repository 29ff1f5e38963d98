// What the threads of the rows writers-* share: words for Atomics, and figures in doubles.

// Figures: the milliseconds of an order, the process's CPU time when it began, in microseconds, and
// for each thread two more: the operations it did, and the milliseconds that they took.
export const MS = 0;
export const CPU_US = 1;
export const ANSWERS = 2;

/** The newest order, in one word, so that nobody sees parts of two; the threads sleep on it. */
export const ORDER = 0;
/** Threads that stand ready for it, and those that are done. */
export const READY = 1;
export const DONE = 2;
export const WORDS = 3;

export const RECORD = 1;
export const CLOCK = 2;
export const END = 3;

/** @param wanted threads that are to do it, the first ones; at most 15 */
export function packOrder(serial, what, wanted) {
  return (serial << 8) | (what << 4) | wanted;
}

export function unpackOrder(word) {
  return { what: (word >> 4) & 15, wanted: word & 15 };
}

/** CPU time that the process's threads have had together, in microseconds. */
export function cpuUs() {
  const { user, system } = process.cpuUsage();
  return user + system;
}
