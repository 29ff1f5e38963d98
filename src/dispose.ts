/// <reference lib="esnext.disposable" preserve="true" />
// What can be undone, and `using` where the runtime has it. Older ones have no Symbol.dispose, and a class that
// names it would break there when it is defined.

/** Something that was put in place and can be taken away again: a hook, a listener. */
export interface Disposable {
  /** Takes it away. A second call does nothing. */
  dispose(): void;
  /** `using`: the same. Only where the runtime has Symbol.dispose. */
  readonly [Symbol.dispose]: () => void;
}

/** What calls `undo` once, when it is disposed of. */
export function disposable(undo: () => void): Disposable {
  let done = false;
  const dispose = (): void => {
    if (done) return;
    done = true;
    undo();
  };
  const made = { dispose };
  makeDisposable(made, dispose);
  return made as Disposable;
}

/** Gives an object its `Symbol.dispose` method, if the runtime knows the symbol. */
export function makeDisposable(target: object, dispose: () => void): void {
  const symbol: symbol | undefined = Symbol.dispose;
  if (symbol) Object.defineProperty(target, symbol, { value: dispose });
}

/** What disposes of all of them, the last one first. */
export function disposeAll(all: readonly Disposable[]): Disposable {
  return disposable(() => {
    for (const each of [...all].reverse()) each.dispose();
  });
}
