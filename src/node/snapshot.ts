// How a program asks for a dump of the flight recorder that it runs under, if it does.

import { type Disposable, disposable } from "../dispose.js";

/** The preload and the program have copies of this file of their own: they meet in a property of the global object. */
const HOOK = Symbol.for("tbuf.snapshot");
type Hooked = { [HOOK]?: (() => void) | undefined };

/**
 * Asks `tbuf record -M` to write what it keeps in memory; any thread may. It returns at once: the dump is written by
 * the recorder's own thread. Harmless where nobody records.
 * @returns true when a flight recorder was asked. It may still write nothing, as soon after another dump
 *   (`--flight-pause`)
 */
export function snapshot(): boolean {
  const hook = (globalThis as Hooked)[HOOK];
  hook?.();
  return hook !== undefined;
}

/** Has `snapshot` call `hook` in this thread. */
export function setSnapshotHook(hook: () => void): Disposable {
  const place = globalThis as Hooked;
  Object.defineProperty(place, HOOK, { value: hook, configurable: true, enumerable: false });
  return disposable(() => {
    if (place[HOOK] === hook) delete place[HOOK];
  });
}
