// Signals that end a program: while the program has no handler of its own for one, this one ends the
// recording first and then lets the signal do what it would have done. As soon as the program adds a
// handler, this one is gone: a program that looks at who handles a signal sees only its own.

import { constants } from "node:os";
import { type Disposable, disposable } from "../../dispose.js";
import { listen } from "../hooks/listen.js";
import { WORD_HANDLED } from "./config.js";

const SIGNALS = ["SIGHUP", "SIGINT", "SIGTERM"] as const;

/**
 * @param words shared with the recorder's thread, which is told there what the program handles
 * @param finish ends the recording; returns when it has ended
 * @returns what takes all handlers away
 */
export function finishOnSignals(words: Int32Array, finish: () => void): Disposable {
  const watches = SIGNALS.map((signal) => watch(signal, words, finish));
  return disposable(() => {
    for (const each of watches) each.dispose();
  });
}

function watch(signal: NodeJS.Signals, words: Int32Array, finish: () => void): Disposable {
  const bit = 1 << constants.signals[signal];
  let dying = false;
  const own = (): void => {
    if (process.listenerCount(signal) > 1) return;
    finish();
    dying = true;
    process.removeListener(signal, own);
    process.kill(process.pid, signal);
  };
  const added = listen(process, "newListener", (event: unknown, listener: unknown) => {
    if (event !== signal || listener === own) return;
    Atomics.or(words, WORD_HANDLED, bit);
    // Not at once: Node stops to listen for a signal when its last listener goes, and the program's
    // is not there yet.
    process.nextTick(() => process.removeListener(signal, own));
  });
  const removed = listen(process, "removeListener", (event: unknown, listener: unknown) => {
    if (event !== signal || process.listenerCount(signal) > 0) return;
    // Also when the program removes all listeners, this one among them.
    if (listener === own && dying) return;
    Atomics.and(words, WORD_HANDLED, ~bit);
    process.on(signal, own);
  });
  process.on(signal, own);
  return disposable(() => {
    added.dispose();
    removed.dispose();
    process.removeListener(signal, own);
  });
}
