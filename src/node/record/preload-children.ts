// Sees to it that the Node processes which this thread starts load the preload as well, whatever environment the
// program gives them. Processes that are not Node's hand it on to those that they start.

import childProcess, { ChildProcess } from "node:child_process";
import { basename } from "node:path";
import { type Disposable, disposable } from "../../dispose.js";
import { type Hook, lookLike, replace } from "../hooks/replace.js";
import { recordVariables } from "./child-environment.js";
import { CONFIG_VARIABLE, type RecordConfig } from "./config.js";

/** What all asynchronous ways to start a process come to. */
interface Spawn {
  spawn(options: { file?: string; envPairs?: string[] }): unknown;
}

type SyncFunctions = Pick<typeof childProcess, "spawnSync" | "execFileSync" | "execSync">;
type SyncFunction = (...args: unknown[]) => unknown;

/**
 * Processes that this thread starts from now on are recorded.
 * @param started is called with the name of each program that is Node for certain, where they are not to be recorded
 */
export function preloadChildren(
  preload: string,
  config: RecordConfig,
  started: (program: string) => void,
): Disposable {
  const told = (file: unknown): void => {
    if (typeof file !== "string") return;
    const name = basename(file);
    if (file === process.execPath || /^node(js)?(\.exe)?$/.test(name)) started(name);
  };
  const variables = (nodeOptions: string | undefined) =>
    recordVariables(config, preload, nodeOptions, { fd: -1, parent: process.pid });
  const sync = (placeOf: (args: readonly unknown[]) => number) =>
    ((original: SyncFunction, hook: Hook): SyncFunction =>
      lookLike(function (this: unknown, ...args: unknown[]) {
        if (!hook.active) return original.apply(this, args);
        if (!config.children) told(args[0]);
        const given = config.children ? withEnvironment(args, placeOf(args), variables) : args;
        return original.apply(this, given as unknown[]);
      }, original)) as never;

  const spawns = replace([ChildProcess.prototype as unknown as Spawn], {
    spawn: (original, hook) =>
      lookLike(function (this: unknown, options) {
        if (!hook.active || typeof options !== "object" || options === null) {
          return original.call(this as Spawn, options);
        }
        if (!config.children) told(options.file);
        return original.call(
          this as Spawn,
          config.children ? withPairs(options, variables) : options,
        );
      }, original),
  });
  const syncs = replace<SyncFunctions>([childProcess], {
    spawnSync: sync(optionsPlace),
    execFileSync: sync(optionsPlace),
    execSync: sync(() => 1),
  });
  return disposable(() => {
    syncs.dispose();
    spawns.dispose();
  });
}

type Variables = (nodeOptions: string | undefined) => { readonly [name: string]: string };

/** Windows takes `node_options` for the same. */
const keyOf = (name: string): string => (process.platform === "win32" ? name.toUpperCase() : name);

function withPairs<T extends { envPairs?: string[] }>(options: T, variables: Variables): T {
  const { envPairs = [] } = options;
  // What is wrong is refused by the original, in its own words.
  if (!Array.isArray(envPairs)) return options;
  const pairs = envPairs.map(String);
  const at = (name: string) => pairs.findLastIndex((pair) => keyOf(pair).startsWith(`${name}=`));
  // A `tbuf record` that the program starts records what it starts by itself.
  if (at(CONFIG_VARIABLE) >= 0) return options;
  const place = at("NODE_OPTIONS");
  const before = pairs[place]?.slice("NODE_OPTIONS=".length);
  for (const [name, value] of Object.entries(variables(before))) {
    // In its place: the order is the program's.
    if (name === "NODE_OPTIONS" && place >= 0) pairs[place] = `${name}=${value}`;
    else pairs.push(`${name}=${value}`);
  }
  return { ...options, envPairs: pairs };
}

/** Which argument of `(program, arguments?, options?)` is the options. */
function optionsPlace(args: readonly unknown[]): number {
  return Array.isArray(args[1]) || args[1] === undefined || args[1] === null ? 2 : 1;
}

/** The arguments of a call, with our variables in the environment of the options at `place`. */
function withEnvironment(
  args: readonly unknown[],
  place: number,
  variables: Variables,
): readonly unknown[] {
  const options = args[place] ?? {};
  if (typeof options !== "object") return args;
  const { env } = options as { env?: NodeJS.Dict<string> };
  // What is wrong is refused by the original, in its own words.
  if (env && typeof env !== "object") return args;
  const own: NodeJS.Dict<string> = {};
  // Also what it inherits, as Node does it.
  for (const name in env || process.env) own[name] = (env || process.env)[name];
  if (own[CONFIG_VARIABLE] !== undefined) return args;
  const given = [...args];
  given[place] = { ...options, env: { ...own, ...variables(own.NODE_OPTIONS) } };
  return given;
}
