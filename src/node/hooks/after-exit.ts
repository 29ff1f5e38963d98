// Running something after all 'exit' listeners of this thread, also those that are added later: what
// they record shall still be in the trace.

type Emit = (this: NodeJS.Process, event: string | symbol, ...args: unknown[]) => boolean;

/** Calls `action` once, with the exit code, when the 'exit' listeners have run. */
export function afterExit(action: (code: number) => void): void {
  const emit = process.emit as Emit;
  const emitThenAct: Emit = function (event, ...args) {
    if (event !== "exit") return emit.call(this, event, ...args);
    try {
      return emit.call(this, event, ...args);
    } finally {
      process.emit = emit as typeof process.emit;
      action(Number(args[0] ?? 0));
    }
  };
  process.emit = emitThenAct as typeof process.emit;
}
