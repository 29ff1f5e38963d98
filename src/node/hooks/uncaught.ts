// Errors that are about to end this thread.

import type { Disposable } from "../../dispose.js";
import { listen } from "./listen.js";

/** Calls `hook` for each error that nobody catches; not for those that the program handles, and then goes on. */
export function onUncaught(hook: (error: unknown) => void): Disposable {
  // The monitor hears of both.
  return listen(process, "uncaughtExceptionMonitor", (error: unknown) => {
    if (!handlesUncaught()) hook(error);
  });
}

function handlesUncaught(): boolean {
  return (
    process.listenerCount("uncaughtException") > 0 || process.hasUncaughtExceptionCaptureCallback()
  );
}
