// Which records begin and end slices: pairs of events that the user has named, strictly nested on each
// CPU, whatever was lost.

import { TraceError } from "../errors.js";

/** Names of two events, "app:begin" and "app:end". */
export type SlicePair = readonly [begin: string, end: string];

/** What a record does. */
export interface SliceStep {
  /** Begins a slice, ends one, or neither. */
  readonly phase: "B" | "E" | "i";
  /** Name of the slice, or of the record's event. */
  readonly name: string;
  /** Slices within it that end with it, the innermost first: what ended them was not seen. */
  readonly inner: readonly string[];
}

const NONE: readonly string[] = [];

export class Slices {
  readonly #begins = new Set<string>();
  /** What begins the slices that an event ends. */
  readonly #beginOf = new Map<string, string>();
  /** Names of the open slices of each CPU, the innermost last. */
  readonly #open = new Map<number, string[]>();

  /** Throws TraceError `bad-option` for an event that is named twice. */
  constructor(pairs: readonly SlicePair[]) {
    for (const [begin, end] of pairs) {
      if (this.#isTaken(begin)) refuse(begin);
      this.#begins.add(begin);
      if (this.#isTaken(end)) refuse(end);
      this.#beginOf.set(end, begin);
    }
  }

  #isTaken(event: string): boolean {
    return this.#begins.has(event) || this.#beginOf.has(event);
  }

  /** What the next record of a CPU does. */
  step(cpu: number, event: string): SliceStep {
    if (this.#begins.has(event)) {
      const open = this.#open.get(cpu) ?? [];
      open.push(event);
      this.#open.set(cpu, open);
      return { phase: "B", name: event, inner: NONE };
    }
    const begin = this.#beginOf.get(event);
    const open = this.#open.get(cpu);
    const at = begin === undefined || !open ? -1 : open.lastIndexOf(begin);
    if (begin === undefined || !open || at < 0) return { phase: "i", name: event, inner: NONE };
    const [, ...inner] = open.splice(at);
    return { phase: "E", name: begin, inner: inner.reverse() };
  }
}

function refuse(name: string): never {
  throw new TraceError(
    "bad-option",
    `slices: ${JSON.stringify(name)} is named twice; an event begins slices or ends them, of one pair`,
  );
}
