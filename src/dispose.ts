// `using`, where the runtime has it. Older ones have no Symbol.dispose, and a class that names it
// would break there when it is defined.

/** Gives an object its `Symbol.dispose` method, if the runtime knows the symbol. */
export function makeDisposable(target: object, dispose: () => void): void {
  const symbol: symbol | undefined = Symbol.dispose;
  if (symbol) Object.defineProperty(target, symbol, { value: dispose });
}
