// Exported functions of guests and their wrappers. JavaScript is given the wrappers; Wasm takes the functions alone, so
// wherever a wrapper goes into Wasm it is taken off again. The engine gives the same function each time, and so do we.

import { type Callable, webAssembly } from "./api.js";

const wrappers = new WeakMap<Callable, Callable>();
const raws = new WeakMap<Callable, Callable>();
let handedOut = false;

/** The function itself, of a wrapper; anything else as it is. */
export function rawFunction<T>(value: T): T {
  if (typeof value !== "function") return value;
  return (raws.get(value as unknown as Callable) ?? value) as T;
}

/** The wrapper of a guest's function, made by `make` the first time; anything else as it is. */
export function wrappedFunction<T>(value: T, make: (raw: Callable) => Callable): T {
  if (typeof value !== "function" || !isExported(value as unknown as Callable)) return value;
  const raw = value as unknown as Callable;
  const known = wrappers.get(raw);
  if (known) return known as T;
  const wrapper = make(raw);
  wrappers.set(raw, wrapper);
  raws.set(wrapper, raw);
  handedOut = true;
  return wrapper as T;
}

/** The wrapper that a guest's function has, if it has one; anything else as it is. */
export function givenFunction<T>(value: T): T {
  if (typeof value !== "function") return value;
  return (wrappers.get(value as unknown as Callable) ?? value) as T;
}

/** Whether the program may hold a wrapper: what takes it off must stay then. */
export function wrappersExist(): boolean {
  return handedOut;
}

interface FunctionTable {
  readonly table: object;
  readonly set: (this: object, index: number, value: unknown) => void;
}

let functions: FunctionTable | undefined;

/** Keeps the methods of the engine, before anybody replaces them. Throws where there is no WebAssembly. */
export function prepareFunctions(): FunctionTable {
  const { Table } = webAssembly();
  functions ??= {
    table: new Table({ element: "anyfunc", initial: 1 }),
    set: Table.prototype.set,
  };
  return functions;
}

/** Whether the function is one that a guest exports: a table takes those, and no others. */
export function isExported(value: Callable): boolean {
  const { table, set } = functions ?? prepareFunctions();
  try {
    set.call(table, 0, value);
    set.call(table, 0, null);
    return true;
  } catch {
    return false;
  }
}
