// The files of a new trace in a directory of its own. At every moment the directory is a trace that readers
// accept, if the metadata comes first: only whole parts are appended. After the first failure nothing more is
// written.

import { join } from "node:path";
import type { NewFiles } from "../../ctf/index.js";
import { badOption, TraceError } from "../../errors.js";
import { makeEmptyDir, removeDirs } from "./empty-dir.js";
import { NewFile } from "./new-file.js";

/** Where the files go, and who may read them. */
export interface NewTraceDirOptions {
  /** The trace directory: made if it does not exist; must be empty if it does. */
  readonly dir: string;
  /**
   * Permissions of the files, less the umask. Default 0o600: a trace holds what the program handles, so only
   * its owner can read it.
   */
  readonly fileMode?: number;
  /** Permissions of the directory if it is made here, less the umask. Default 0o700. */
  readonly dirMode?: number;
}

export class NewTraceDir implements NewFiles {
  readonly dir: string;
  readonly #what: string;
  readonly #fileMode: number;
  readonly #made: readonly string[];
  readonly #files = new Map<string, NewFile>();
  #failure: TraceError | undefined;
  #bytes = 0;
  #closed = false;

  /**
   * Throws TraceError `output`, naming the path, when the directory cannot be used; nothing that was made is
   * left then. Throws TraceError `bad-option` as `checkNewDir` does.
   * @param what who writes, for messages
   */
  constructor(what: string, options: NewTraceDirOptions) {
    checkNewDir(what, options);
    const { dir, fileMode = 0o600, dirMode = 0o700 } = options;
    this.dir = dir;
    this.#what = what;
    this.#fileMode = fileMode;
    this.#made = makeEmptyDir(dir, dirMode);
  }

  /** The first failure, after which nothing more was written. */
  get failure(): TraceError | undefined {
    return this.#failure;
  }

  /** What was appended to all files. */
  get bytes(): number {
    return this.#bytes;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Throws TraceError `output`, also if something failed before, and `closed` after `close`. */
  append(name: string, parts: readonly Uint8Array[]): void {
    this.checkOpen("write");
    if (this.#failure) throw this.#failure;
    try {
      this.#file(name).append(parts);
      for (const part of parts) this.#bytes += part.length;
    } catch (error) {
      this.#failure = error as TraceError;
      throw error;
    }
  }

  #file(name: string): NewFile {
    const known = this.#files.get(name);
    if (known) return known;
    const file = new NewFile(join(this.dir, name), this.#fileMode);
    this.#files.set(name, file);
    return file;
  }

  /** Throws TraceError `closed` after `close`. */
  checkOpen(what: string): void {
    if (!this.#closed) return;
    throw new TraceError(
      "closed",
      `${this.#what}: ${what} after finish: the files of ${this.dir} are closed; make a new writer`,
    );
  }

  /** Closes all files; a second call does nothing. Throws TraceError `output`, unless something failed before. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const before = this.#failure;
    for (const file of this.#files.values()) {
      try {
        file.close();
      } catch (error) {
        this.#failure ??= error as TraceError;
      }
    }
    if (this.#failure && !before) throw this.#failure;
  }

  /** Removes the directories that were made here, as far as they are empty. */
  discard(): void {
    removeDirs(this.#made);
  }
}

/** Throws TraceError `bad-option` when the directory has no name or a mode is not from 0 to 0o777. */
export function checkNewDir(what: string, options: NewTraceDirOptions): void {
  if (typeof options !== "object" || options === null) {
    throw badOption(what, "its argument", 'an object such as { dir: "trace" }', options);
  }
  const { dir, fileMode = 0o600, dirMode = 0o700 } = options;
  if (typeof dir !== "string" || dir === "") {
    throw badOption(what, "dir", "the name of a directory, new or empty", dir);
  }
  checkMode(what, "fileMode", fileMode);
  checkMode(what, "dirMode", dirMode);
}

function checkMode(what: string, name: string, mode: number): void {
  if (Number.isInteger(mode) && mode >= 0 && mode <= 0o777) return;
  throw badOption(what, name, "an integer from 0 to 0o777", mode);
}
