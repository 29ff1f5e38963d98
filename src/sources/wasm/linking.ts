// Where guests are linked: what they are given to import can be wrapped there.

import { type Disposable, disposable } from "../../dispose.js";
import { type Hook, lookLike, replace } from "../replace.js";
import { type Callable, type WebAssemblyApi, webAssembly } from "./api.js";
import { type WrapImport, wrapImports } from "./imports.js";

/**
 * Has the imports of each guest wrapped that is linked from now on, until it is disposed of.
 * @param begin is called for each guest. Throws an Error where there is no WebAssembly.
 */
export function whenLinking(begin: (hook: Hook) => WrapImport): Disposable {
  const api = webAssembly();
  const observed = (args: unknown[], hook: Hook): unknown[] => {
    if (args.length < 2 || !hook.active) return args;
    const [source, imports, ...rest] = args;
    return [source, wrapImports(imports, begin(hook)), ...rest];
  };
  const linked = (Original: WebAssemblyApi["Instance"], hook: Hook) => {
    const Observed: typeof Original = new Proxy(Original, {
      construct: (target, args: unknown[], newTarget) =>
        // Instances are of the class that the program sees, and that has the original's prototype.
        Reflect.construct(
          target,
          observed(args, hook),
          newTarget === Observed ? target : newTarget,
        ) as object,
    });
    return Observed;
  };
  const started = (original: Callable, hook: Hook) =>
    lookLike(
      function (this: unknown, ...args: unknown[]) {
        return original.apply(this, observed(args, hook));
      } as Callable,
      original,
    );
  const placed = replace<WebAssemblyApi>([api], {
    Instance: linked,
    instantiate: started,
    ...("instantiateStreaming" in api && { instantiateStreaming: started }),
  });
  // `instance.constructor` is what the program knows as WebAssembly.Instance.
  const named = replace([api.Instance.prototype as { constructor: unknown }], {
    constructor: () => api.Instance,
  });
  return disposable(() => {
    named.dispose();
    placed.dispose();
  });
}
