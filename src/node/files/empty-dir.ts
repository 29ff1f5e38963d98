// The directory of a new trace.

import { existsSync, mkdirSync, readdirSync, rmdirSync } from "node:fs";
import { dirname } from "node:path";
import { TraceError } from "../../errors.js";
import { attempt } from "./output-error.js";

/** What `tbuf record` keeps in a directory while it runs; to others it is not there. */
export const JOURNAL_NAME = ".tbuf-journal";

/**
 * Makes the directory with permissions `mode`, less the umask, and its parents with the usual ones. One that
 * exists must be empty, since a trace is never added to another, and keeps its permissions. Throws TraceError
 * `output`.
 * @returns the directories that were made, parents first
 */
export function makeEmptyDir(dir: string, mode: number): readonly string[] {
  const made: string[] = [];
  attempt(`create ${dir}`, () => makeDirs(dir, mode, made));
  const entries = attempt(`read ${dir}`, () =>
    readdirSync(dir).filter((name) => name !== JOURNAL_NAME),
  );
  if (entries.length > 0) {
    throw new TraceError(
      "output",
      `${dir} exists and is not empty: entries=${entries.length}; name a new directory`,
    );
  }
  return made;
}

/** The first of `name`, `name-2`, `name-3`, ... that does not exist or is an empty directory. */
export function freeDir(name: string): string {
  for (let i = 1; ; i++) {
    const own = i === 1 ? name : `${name}-${i}`;
    if (!existsSync(own) || isEmptyDir(own)) return own;
  }
}

function isEmptyDir(path: string): boolean {
  try {
    return readdirSync(path).length === 0;
  } catch {
    return false;
  }
}

/** Removes directories that `makeEmptyDir` has made, as far as they are empty. */
export function removeDirs(made: readonly string[]): void {
  for (const dir of made.toReversed()) {
    try {
      rmdirSync(dir);
    } catch {
      // Somebody has put something into it, or it is gone.
      return;
    }
  }
}

/**
 * As `mkdir -p`. Not Node's own recursive form: that one tries without end where a directory exists
 * and yet none can be made in it, as in /proc.
 */
function makeDirs(dir: string, mode: number, made: string[]): void {
  const parent = dirname(dir);
  if (parent !== dir && !existsSync(parent)) makeDirs(parent, 0o777, made);
  try {
    mkdirSync(dir, { mode });
    made.push(dir);
  } catch (error) {
    if (!existsSync(dir)) throw error;
  }
}
