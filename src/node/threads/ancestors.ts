// The threads that this one descends from. Node tells a worker its own number and nobody else's, so
// each thread that has loaded this module tells those that it starts, by its environment data.

import { getEnvironmentData, setEnvironmentData, threadId } from "node:worker_threads";

/** Environment data: numbers of threads, the one that starts the reader first. */
const KEY = "tbuf.ancestors";

function inherited(): readonly number[] {
  const line: unknown = getEnvironmentData(KEY);
  return Array.isArray(line) && line.every(Number.isInteger) ? line : [];
}

/**
 * Numbers of the threads that this one descends from, the nearest first, the main thread last. One
 * that started the next before it had loaded this module is missing, those before it are not.
 */
export const ancestors: readonly number[] = inherited().filter((tid) => tid !== threadId);

// At once, and not when this thread attaches: it may start others before, or never attach.
setEnvironmentData(KEY, [threadId, ...ancestors]);
