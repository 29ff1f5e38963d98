// What a thread of a recorded program does for its flight recorder: it tells it of triggers.

import { isMainThread } from "node:worker_threads";
import type { Member } from "../../cpu/member.js";
import { type Disposable, disposable } from "../../dispose.js";
import { listen } from "../hooks/listen.js";
import { replace } from "../hooks/replace.js";
import { onUncaught } from "../hooks/uncaught.js";
import { setSnapshotHook } from "../snapshot.js";
import {
  FLIGHT_PORT,
  FLIGHT_TRIGGERS,
  type FlightWords,
  TRIGGERS,
  type Trigger,
} from "./flight-config.js";

const SIGNAL = "SIGUSR2";
type Emit = (this: unknown, event: string | symbol, ...args: unknown[]) => boolean;

/** Tells of snapshots, uncaught errors, and in the main thread of SIGUSR2. @returns what ends that */
export function installTriggers(member: Member, words: FlightWords): Disposable {
  const trigger = (what: Trigger): void => {
    // Before the notification: the recorder looks at the word when it comes.
    Atomics.or(words, FLIGHT_TRIGGERS, 1 << TRIGGERS.indexOf(what));
    try {
      member.notify(Atomics.load(words, FLIGHT_PORT));
    } catch {
      // The recording has ended. The program goes on.
    }
  };
  const snapshot = setSnapshotHook(() => trigger("snapshot()"));
  const uncaught = onUncaught(() => trigger("uncaught error"));
  const signal = isMainThread ? onSignal(() => trigger("SIGUSR2")) : undefined;
  return disposable(() => {
    signal?.dispose();
    uncaught.dispose();
    snapshot.dispose();
  });
}

/**
 * Calls `action` at each SIGUSR2. While the program has never had a listener of its own, the signal does not end it;
 * from its first one on, all is as without tbuf, and a program that looks at who listens sees only its own.
 */
function onSignal(action: () => void): Disposable {
  const own = (): void => {};
  const emit = replace<{ emit: Emit }>([process as { emit: Emit }], {
    emit: (original, hook) =>
      function (event, ...args) {
        if (event === SIGNAL && hook.active) action();
        return original.call(this, event, ...args);
      },
  });
  process.on(SIGNAL, own);
  const watch = listen(process, "newListener", (event: unknown, listener: unknown) => {
    if (event !== SIGNAL || listener === own) return;
    watch.dispose();
    // Not at once: Node stops to listen for a signal when its last listener goes, and this one is not there yet.
    process.nextTick(() => process.removeListener(SIGNAL, own));
  });
  return disposable(() => {
    watch.dispose();
    process.removeListener(SIGNAL, own);
    emit.dispose();
  });
}
