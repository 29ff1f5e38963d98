// Listeners that can be taken away.

import { type Disposable, disposable } from "../../dispose.js";

/** What has listeners, as Node's emitters do. */
interface Emitter<Args extends readonly unknown[]> {
  on(event: string, listener: (...args: Args) => void): unknown;
  off(event: string, listener: (...args: Args) => void): unknown;
}

/** Listens to `event` of `emitter`; disposing takes the listener away. */
export function listen<Args extends readonly unknown[]>(
  emitter: Emitter<Args>,
  event: string,
  listener: (...args: Args) => void,
): Disposable {
  emitter.on(event, listener);
  return disposable(() => emitter.off(event, listener));
}
