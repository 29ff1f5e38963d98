// Running something after all 'exit' listeners of this thread, also those that are added later: what
// they record shall still be in the trace.

import type { Disposable } from "../../dispose.js";
import { replace } from "./replace.js";

type Emit = (this: unknown, event: string | symbol, ...args: unknown[]) => boolean;

/** Calls `action` once, with the exit code, when the 'exit' listeners have run, unless it was disposed of. */
export function afterExit(action: (code: number) => void): Disposable {
  const placed = replace<{ emit: Emit }>([process as { emit: Emit }], {
    emit: (original, hook) =>
      function (event, ...args) {
        if (event !== "exit" || !hook.active) return original.call(this, event, ...args);
        try {
          return original.call(this, event, ...args);
        } finally {
          // A listener may have disposed of it.
          if (hook.active) {
            placed.dispose();
            action(Number(args[0] ?? 0));
          }
        }
      },
  });
  return placed;
}
