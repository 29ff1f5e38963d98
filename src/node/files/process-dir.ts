// The directories of a recording with several processes: each process has one below the recording's, called by its
// number and its program: `trace/1234-server.mjs`. A directory without metadata of its own is no trace, so that readers
// look for those below it.

import { existsSync, mkdirSync, readdirSync, renameSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { attempt } from "./output-error.js";

const PROCESS_DIR = /^([0-9]+)-/;
/** A file's name may have 255 bytes. */
const NAME_LENGTH_MAX = 60;

/** A directory is used by those who may read what is in it. */
export function dirModeOf(fileMode: number): number {
  return fileMode | ((fileMode & 0o444) >> 2);
}

/** Names of the processes' directories in a recording's, oldest number first. */
export function processDirs(root: string): string[] {
  return attempt(`read ${root}`, () => readdirSync(root, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory() && PROCESS_DIR.test(entry.name))
    .map(({ name }) => name)
    .sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
}

/** Number of the process that a directory was made for; undefined for another directory. */
export function pidOf(dir: string): number | undefined {
  const [, pid] = PROCESS_DIR.exec(dir) ?? [];
  return pid === undefined ? undefined : Number(pid);
}

/**
 * Makes the directory of a process, which is empty. Throws TraceError `output`.
 * @param max most directories that there may be
 * @returns its name in `root`; undefined when there are `max` already
 */
export function makeProcessDir(
  root: string,
  { pid, program, fileMode, max }: { pid: number; program: string; fileMode: number; max: number },
): string | undefined {
  const name = `${pid}-${program.replace(/[^A-Za-z0-9._-]+/g, "_").slice(0, NAME_LENGTH_MAX)}`;
  const made = attempt(`create a directory in ${root}`, () => {
    // Numbers of processes are used again.
    for (let i = 1; ; i++) {
      const own = i === 1 ? name : `${name}.${i}`;
      if (existsSync(join(root, own))) continue;
      mkdirSync(join(root, own), { mode: dirModeOf(fileMode) });
      return own;
    }
  });
  // Afterwards: of several that start at once, none then takes the place of another.
  if (processDirs(root).length <= max) return made;
  rmdirSync(join(root, made));
  return undefined;
}

/** Removes a process's directory if nothing is in it. */
export function removeIfEmpty(dir: string): void {
  try {
    rmdirSync(dir);
  } catch {
    // It holds a trace, or is gone.
  }
}

/**
 * Moves what is in the only process's directory up, when nobody writes it any more: the recording of one process is a
 * trace itself. Whatever else is in `root` keeps it as it is. Throws TraceError `output`.
 */
export function moveUp(root: string, name: string): void {
  if (attempt(`read ${root}`, () => readdirSync(root)).length !== 1) return;
  const from = join(root, name);
  // The metadata last: with it, the directory becomes a trace.
  const names = attempt(`read ${from}`, () => readdirSync(from)).sort(
    (a, b) => Number(a === "metadata") - Number(b === "metadata"),
  );
  for (const entry of names) {
    attempt(`move ${join(from, entry)}`, () => renameSync(join(from, entry), join(root, entry)));
  }
  removeIfEmpty(from);
}
