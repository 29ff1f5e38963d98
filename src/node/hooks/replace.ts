// Functions of Node that are replaced by wrappers, and put back: src/sources/replace.ts has how.

import { syncBuiltinESMExports } from "node:module";
import { type Disposable, disposable } from "../../dispose.js";
import { replace as replaceFunctions, type Wrappers } from "../../sources/replace.js";

export { type Hook, lookLike, type Wrappers } from "../../sources/replace.js";

/** As `replace` of src/sources: imports of Node's modules follow. Throws what a frozen object throws. */
export function replace<T extends object>(
  targets: readonly T[],
  wrappers: Wrappers<T>,
): Disposable {
  try {
    const placed = replaceFunctions(targets, wrappers);
    return disposable(() => {
      placed.dispose();
      syncBuiltinESMExports();
    });
  } finally {
    syncBuiltinESMExports();
  }
}
