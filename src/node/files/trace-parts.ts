// Traces that are written one after the other into numbered directories, of which the oldest are removed: `DIR/1`,
// `DIR/2`, ... Each is a trace of its own.

import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { attempt } from "./output-error.js";

const NUMBER = /^[1-9][0-9]*$/;

/** Where the parts go, and how many of them may be there. */
export interface TracePartsOptions {
  /** The directory of all parts; it must exist. */
  readonly dir: string;
  /** Most parts at a time; undefined: all are kept. */
  readonly maxFiles?: number | undefined;
}

/** Numbers of the parts in a directory, the oldest first. Throws TraceError `output`. */
export function partsIn(dir: string): number[] {
  return attempt(`read ${dir}`, () => readdirSync(dir, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory() && NUMBER.test(entry.name))
    .map(({ name }) => Number(name))
    .sort((a, b) => a - b);
}

export class TraceParts {
  readonly #options: TracePartsOptions;
  /** Directories that were made here: nothing else is ever removed. */
  readonly #made: string[] = [];
  #last = 0;

  constructor(options: TracePartsOptions) {
    this.#options = options;
  }

  /** How many there were, with those that were removed. */
  get count(): number {
    return this.#last;
  }

  /**
   * The directory of the next part, which does not exist yet. Oldest ones are removed first, so that with it there are
   * no more than `maxFiles`. Throws TraceError `output`.
   */
  next(): string {
    const { dir, maxFiles = Number.POSITIVE_INFINITY } = this.#options;
    while (this.#made.length > 0 && this.#made.length >= maxFiles) {
      const oldest = this.#made.shift() as string;
      attempt(`remove ${oldest}`, () => rmSync(oldest, { recursive: true, force: true }));
    }
    const path = join(dir, String(++this.#last));
    this.#made.push(path);
    return path;
  }
}
