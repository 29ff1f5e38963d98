// Where functions go from Wasm to JavaScript and back: on the way out they are wrapped, on the way in unwrapped.

import { type Disposable, disposable } from "../../dispose.js";
import { lookLike, replace } from "../replace.js";
import { type Callable, type WebAssemblyApi, webAssembly } from "./api.js";
import { prepareFunctions, rawFunction, wrappedFunction } from "./functions.js";
import { whenLinking } from "./linking.js";

/** Makes the wrapper of a function. @param index among the exports of its guest; NO_EXPORT when it is none */
export type WrapExport = (raw: Callable, index: number) => Callable;

/** The index of a function that came out of a table or a global before it was seen as an export. */
const NO_EXPORT = 0xffff_ffff;
/** tbuf's own core, of whatever copy of the package: who records must not be recorded. */
const OWN_CORE = ["tb_control", "cpu_quiesce", "trace_settle"];

/** Wraps the functions that guests give to JavaScript, until it is disposed of. Throws without WebAssembly. */
export function translateFunctions(wrapExport: WrapExport): Disposable {
  const api = webAssembly();
  prepareFunctions();
  const outward = <T>(value: T): T => wrappedFunction(value, (raw) => wrapExport(raw, NO_EXPORT));
  const inward = (args: unknown[]) => args.map(rawFunction);
  const known = new WeakMap<object, object>();
  const exportsOf = (exports: object): object => {
    const wrapped = known.get(exports) ?? wrapAll(exports, wrapExport);
    known.set(exports, wrapped);
    return wrapped;
  };

  const method = (original: Callable): Callable =>
    like(original, function (this: unknown, ...args) {
      return outward(original.apply(this, inward(args)));
    });
  type Methods = Record<"get" | "set" | "grow", Callable>;
  const class_ = <T extends WebAssemblyApi["Table"] | WebAssemblyApi["Global"]>(Original: T): T => {
    const Observed: T = new Proxy(Original, {
      construct: (target, args: unknown[], newTarget) =>
        Reflect.construct(
          target,
          inward(args),
          newTarget === Observed ? target : newTarget,
        ) as object,
    });
    return Observed;
  };
  const { Instance, Table, Global } = api;
  const placed = [
    // Takes wrappers off what guests import, and puts none there.
    whenLinking(() => (original) => original),
    replaceAccessor(Instance.prototype, "exports", ({ get }) => ({
      get:
        get &&
        like(get, function (this: unknown) {
          return exportsOf(get.call(this) as object);
        }),
    })),
    replaceAccessor(Global.prototype, "value", ({ get, set }) => ({
      get:
        get &&
        like(get, function (this: unknown) {
          return outward(get.call(this));
        }),
      set:
        set &&
        like(set, function (this: unknown, value) {
          set.call(this, rawFunction(value));
        }),
    })),
    replace([Table.prototype as unknown as Methods], { get: method, set: method, grow: method }),
    replace([Global.prototype as { valueOf: Callable }], { valueOf: method }),
    replace<WebAssemblyApi>([api], {
      Table: class_,
      Global: class_,
      ...("promising" in api && { promising: method }),
    }),
    replace([Table.prototype as { constructor: unknown }], { constructor: () => api.Table }),
    replace([Global.prototype as { constructor: unknown }], { constructor: () => api.Global }),
  ];
  return disposable(() => {
    for (const each of placed.reverse()) each.dispose();
  });
}

/** As the engine makes it: without a prototype, frozen, and in its order. */
function wrapAll(exports: object, wrapExport: WrapExport): object {
  if (OWN_CORE.every((name) => name in exports)) return exports;
  const wrapped = Object.create(null) as Record<string, unknown>;
  for (const [index, [name, value]] of Object.entries(exports).entries()) {
    wrapped[name] = wrappedFunction(value, (raw) => wrapExport(raw, index));
  }
  return Object.freeze(wrapped);
}

function like(original: object, wrapper: (this: unknown, ...args: unknown[]) => unknown): Callable {
  return lookLike(wrapper as Callable, original as Callable);
}

interface Accessor {
  readonly get: Callable | undefined;
  readonly set?: Callable | undefined;
}

function replaceAccessor(
  target: object,
  key: string,
  make: (before: Accessor) => Accessor,
): Disposable {
  const before = Object.getOwnPropertyDescriptor(target, key) ?? {};
  const { get, set } = make(before as Accessor);
  Object.defineProperty(target, key, {
    ...before,
    ...(get && { get: get as () => unknown }),
    ...(set && { set: set as (value: unknown) => void }),
  });
  return disposable(() => {
    const now = Object.getOwnPropertyDescriptor(target, key);
    // Somebody else's on top of it calls ours for ever.
    if (now?.get === get) Object.defineProperty(target, key, before);
  });
}
