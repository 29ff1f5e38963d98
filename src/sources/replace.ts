// Functions that are replaced by wrappers, and put back. In Node, src/node/hooks/replace.ts does it, whose imports of
// Node's modules follow.
//
// Whoever wraps a function can only put the original back while its own wrapper is still in place: another wrapper
// that was put on top of it calls it for ever. So a wrapper that is disposed of asks its hook whether it still has
// anything to do, and passes calls through when it has not. What several hooks of this file have put on top of
// each other is taken away whole, in whatever order they are disposed of.

import { type Disposable, disposable } from "../dispose.js";

/** What a wrapper asks at each call, and in each callback that it has handed on. */
export interface Hook {
  /** False once the hook was disposed of: the wrapper must do what the original does, and nothing else. */
  readonly active: boolean;
}

/** What makes the wrapper of a function, by the property's name. */
export type Wrappers<T> = {
  readonly [K in keyof T]?: (original: T[K], hook: Hook) => T[K];
};

interface Patch {
  readonly key: PropertyKey;
  readonly wrapper: unknown;
  /** The property before; undefined: the object had none of its own. */
  readonly before: PropertyDescriptor | undefined;
  disposed: boolean;
}

const patches = new WeakMap<object, Patch[]>();

/**
 * Puts wrappers in the place of properties of `targets`, which all have them. Targets that hold the same function
 * get the same wrapper: `setTimeout` stays `require("node:timers").setTimeout`.
 * Throws what a frozen object throws; nothing is replaced then.
 */
export function replace<T extends object>(
  targets: readonly T[],
  wrappers: Wrappers<T>,
): Disposable {
  const hook = { active: true };
  const placed: [object, Patch][] = [];
  const undo = (): void => {
    hook.active = false;
    for (const [, patch] of placed) patch.disposed = true;
    for (const [target, { key }] of placed) takeAway(target, key);
  };
  try {
    for (const key of Object.keys(wrappers) as (keyof T & string)[]) {
      const wrapperOf = once((original: T[keyof T]) => wrappers[key]?.(original as never, hook));
      for (const target of targets) placed.push([target, place(target, key, wrapperOf)]);
    }
  } catch (error) {
    undo();
    throw error;
  }
  return disposable(undo);
}

/** Calls `make` once for each argument, and remembers what it gave. */
function once<A, B>(make: (argument: A) => B): (argument: A) => B {
  const known = new Map<A, B>();
  return (argument) => {
    if (!known.has(argument)) known.set(argument, make(argument));
    return known.get(argument) as B;
  };
}

function place<T extends object>(
  target: T,
  key: keyof T & string,
  wrapperOf: (original: T[keyof T]) => unknown,
): Patch {
  const before = Object.getOwnPropertyDescriptor(target, key);
  const wrapper = wrapperOf(target[key]);
  const { enumerable = true } = before ?? {};
  Object.defineProperty(target, key, {
    value: wrapper,
    enumerable,
    configurable: true,
    writable: true,
  });
  const patch: Patch = { key, wrapper, before, disposed: false };
  const list = patches.get(target) ?? [];
  list.push(patch);
  patches.set(target, list);
  return patch;
}

/** Puts back what was there before, for as long as a wrapper that was disposed of is on top. */
function takeAway(target: object, key: PropertyKey): void {
  const list = patches.get(target) ?? [];
  for (;;) {
    const now = Object.getOwnPropertyDescriptor(target, key);
    const at = list.findIndex(
      (patch) =>
        patch.key === key && patch.disposed && now !== undefined && patch.wrapper === now.value,
    );
    const patch = list[at];
    if (!patch) return;
    list.splice(at, 1);
    if (patch.before) Object.defineProperty(target, key, patch.before);
    else Reflect.deleteProperty(target, key);
  }
}

/** Gives a wrapper the name, the length and all other properties of the original, `util.promisify`'s form too. */
export function lookLike<F extends object>(wrapper: F, original: F): F {
  return Object.defineProperties(wrapper, Object.getOwnPropertyDescriptors(original));
}
