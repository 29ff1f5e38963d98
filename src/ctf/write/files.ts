// Where the files of a trace go.

import type { OwnBytes } from "../../memory/own-bytes.js";

/** The files of a new trace, by name: a directory, memory. */
export interface NewFiles {
  /** Appends the parts to a file, all of them or nothing, and keeps none of them. The first call makes the file. */
  append(name: string, parts: readonly Uint8Array[]): void;
  /** No more will come. */
  close(): void;
}

/** Files in memory. */
export class MemoryFiles implements NewFiles {
  readonly #parts = new Map<string, OwnBytes[]>();

  append(name: string, parts: readonly Uint8Array[]): void {
    const file = this.#parts.get(name) ?? [];
    this.#parts.set(name, file);
    // Copies of one's own: many browser functions refuse views of shared memory.
    for (const part of parts) file.push(new Uint8Array(part));
  }

  close(): void {}

  /** What was written, by the files' names, in the order in which they were made. */
  files(): Map<string, OwnBytes> {
    return new Map(Array.from(this.#parts, ([name, parts]) => [name, joined(parts)]));
  }
}

function joined(parts: readonly Uint8Array[]): OwnBytes {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
