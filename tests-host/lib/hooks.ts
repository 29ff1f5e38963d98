// All functions of Node and of the global object, and all listeners of the process, as they are: whatever a source
// hooks shows by a difference, and so does what it forgets to take away.

import { EventEmitter } from "node:events";
import { builtinModules, createRequire } from "node:module";

const require = createRequire(import.meta.url);

/**
 * Loaded before the first look, as some hook others. Not `domain`, which hooks the process, `repl`, which loads it,
 * nor `wasi`, which warns.
 */
const modules = builtinModules
  .filter((name) => !/^_|^domain$|^repl$|^wasi$/.test(name))
  .map((name) => [name, require(name) as object] as const);

/** What is where, by a path such as `node:timers.setTimeout`. Identities count, so compare with `differences`. */
export type Hooks = ReadonlyMap<string, unknown>;

export function hooks(): Hooks {
  const found = new Map<string, unknown>();
  const look = (path: string, object: object): void => {
    for (const [key, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(object))) {
      const { value, get } = descriptor as PropertyDescriptor;
      if (typeof (value ?? get) === "function") found.set(`${path}.${key}`, value ?? get);
    }
  };
  look("globalThis", globalThis);
  look("process", process);
  for (const [name, module] of modules) {
    look(`node:${name}`, module);
    // Not by the values: what Node loads at its first use would be loaded now.
    for (const [key, { value }] of Object.entries(Object.getOwnPropertyDescriptors(module))) {
      const prototype: unknown = typeof value === "function" && value.prototype;
      if (prototype instanceof Object) look(`node:${name}.${key}.prototype`, prototype);
    }
  }
  for (const event of process.eventNames()) {
    found.set(`listeners of ${String(event)}`, process.listenerCount(event));
  }
  return found;
}

/** The paths at which something else is now, or something more or less. */
export function differences(before: Hooks, after: Hooks): string[] {
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths].filter((path) => before.get(path) !== after.get(path));
}

/**
 * Has `process` emit no `exit` to its listeners, those of the test runner, but call `heard` in their place. All other
 * events go on. @returns what ends that
 */
export function muteExit(heard: () => void = () => {}): () => void {
  const { emit } = EventEmitter.prototype;
  process.emit = function (this: NodeJS.Process, event: string, ...args: unknown[]): boolean {
    if (event !== "exit") return emit.call(this, event, ...args);
    heard();
    return true;
  } as typeof process.emit;
  return () => Reflect.deleteProperty(process, "emit");
}
