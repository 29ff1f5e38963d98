// Any trace into a directory, as CTF.

import { CtfSink, type CtfSinkOptions } from "../../ctf/index.js";
import type { TraceSchema } from "../../trace/schema.js";
import { NewTraceDir, type NewTraceDirOptions } from "./new-trace-dir.js";

/** Where the trace goes, and how its files are to be called. */
export interface CtfDirSinkOptions extends NewTraceDirOptions, CtfSinkOptions {}

/** A `CtfSink` whose files are those of a new directory, as `CtfWriter` makes them. */
export class CtfDirSink extends CtfSink {
  readonly #dir: NewTraceDir;

  /**
   * Makes the directory. Throws TraceError `output`, naming the path, when it cannot be used, and `bad-option` when
   * it has no name or a mode is not from 0 to 0o777.
   */
  constructor(options: CtfDirSinkOptions) {
    const dir = new NewTraceDir("CtfDirSink", options);
    super(dir, options);
    this.#dir = dir;
  }

  /** Nothing is left if the metadata cannot be written. */
  override begin(schema: TraceSchema): void {
    try {
      super.begin(schema);
    } catch (error) {
      this.close();
      this.#dir.discard();
      throw error;
    }
  }

  /** Closes the files of a trace that does not come to its end. After `finish` it does nothing. */
  close(): void {
    this.#dir.close();
  }
}
