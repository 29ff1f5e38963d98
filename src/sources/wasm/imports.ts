// What a guest is given to import, with wrappers in the place of JavaScript's functions. The engine reads an object of
// imports by itself, in the order of the module's imports, and its errors name the module and the name that it read. So
// it is given a proxy, which reads the program's object when it is read, as often and in the same order.

import type { Callable } from "./api.js";
import { isExported, rawFunction } from "./functions.js";

/** Makes a wrapper. @param index of the import, among those that are functions of JavaScript or not */
export type WrapImport = (
  original: Callable,
  index: number,
  module: string,
  name: string,
) => Callable;

/**
 * The imports, with wrappers. What the engine would refuse, or is no function, is passed on as it is. So are functions
 * of other guests, which are called from Wasm to Wasm, and those of the module `tbuf`, by which a guest records.
 */
export function wrapImports(imports: unknown, wrap: WrapImport): unknown {
  if (typeof imports !== "object" || imports === null) return imports;
  let index = 0;
  return reading(imports, (module, moduleName) => {
    if ((typeof module !== "object" && typeof module !== "function") || module === null) {
      return module;
    }
    return reading(module, (value, name) => {
      const at = index++;
      if (typeof value !== "function") return value;
      const raw = rawFunction(value as Callable);
      if (moduleName === "tbuf" || raw !== value || isExported(raw)) return raw;
      return wrap(value as Callable, at, moduleName, name);
    });
  });
}

/** What reads a property of `object`, and gives what `give` makes of it. */
function reading(object: object, give: (value: unknown, name: string) => unknown): object {
  // Over an empty target: of a frozen one, a proxy must give the very values.
  return new Proxy(Object.create(null), {
    get: (_target, key) => {
      const value: unknown = Reflect.get(object, key);
      return typeof key === "string" ? give(value, key) : value;
    },
    has: (_target, key) => Reflect.has(object, key),
  });
}
