// A file that is made here and only appended to, so that it always ends with a whole part.

import { closeSync, openSync, unlinkSync } from "node:fs";
import { TraceError } from "../../errors.js";
import { attempt } from "./output-error.js";
import { appendWhole } from "./write-all.js";

/** Stands for a descriptor after it was closed: its number may be somebody else's by then. */
const CLOSED = -1;

export class NewFile {
  readonly path: string;
  #fd: number;
  #size = 0;

  /** Makes the file, with permissions `mode` less the umask. Throws TraceError `output` if it exists. */
  constructor(path: string, mode: number) {
    this.path = path;
    this.#fd = attempt(`create ${path}`, () => openSync(path, "wx", mode));
  }

  /**
   * Appends the parts, all of them or nothing. A file whose first parts cannot be written is removed. Throws
   * TraceError `output`, and `closed` after `close`.
   */
  append(parts: readonly Uint8Array[]): void {
    if (this.#fd === CLOSED) throw new TraceError("closed", `${this.path}: it was closed`);
    let bytes = 0;
    for (const part of parts) bytes += part.length;
    try {
      attempt(`write ${bytes} bytes to ${this.path}`, () =>
        appendWhole(this.#fd, this.#size, parts),
      );
    } catch (error) {
      if (this.#size === 0) this.#discard();
      throw error;
    }
    this.#size += bytes;
  }

  /** Closes the file; a second call does nothing. Throws TraceError `output`. */
  close(): void {
    if (this.#fd === CLOSED) return;
    const fd = this.#fd;
    this.#fd = CLOSED;
    attempt(`close ${this.path}`, () => closeSync(fd));
  }

  #discard(): void {
    try {
      this.close();
      unlinkSync(this.path);
    } catch {
      // What was to be written failed already, and that is what the caller is told.
    }
  }
}
