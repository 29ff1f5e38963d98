// What all Trace objects of one trace share: its frames are mapped once, one loop at a time reads it,
// and whichever way it is destroyed, all of them see it and nothing stays mapped.

import type { Consumer } from "./consumer.js";

/** One trace, from its creation to its end. */
export class OpenTrace {
  readonly #readers = new Set<object>();
  #consumer: Consumer | undefined;
  #destroyed = false;

  get destroyed(): boolean {
    return this.#destroyed;
  }

  /** The consumer, if somebody reads. */
  get consumer(): Consumer | undefined {
    return this.#consumer;
  }

  /** The consumer, which `open` makes where nobody reads yet. `reader` has it until it is released. */
  read(reader: object, open: () => Consumer): Consumer {
    this.#consumer ??= open();
    this.#readers.add(reader);
    return this.#consumer;
  }

  /** The last reader's release gives all mappings back. */
  release(reader: object): void {
    if (this.#readers.delete(reader) && this.#readers.size === 0) this.#close();
  }

  /** The hypervisor has destroyed it. */
  end(): void {
    this.#destroyed = true;
    this.#readers.clear();
    this.#close();
  }

  #close(): void {
    const consumer = this.#consumer;
    this.#consumer = undefined;
    consumer?.close();
  }
}

/** The traces that a dom0 has opened and that still exist, by name. */
export class OpenTraces {
  readonly #traces = new Map<string, OpenTrace>();

  /** The trace of that name, which must exist. */
  of(name: string): OpenTrace {
    const known = this.#traces.get(name);
    if (known) return known;
    const trace = new OpenTrace();
    this.#traces.set(name, trace);
    return trace;
  }

  /** The trace of that name was destroyed: another one may have the name from now on. */
  end(name: string): void {
    const trace = this.#traces.get(name);
    this.#traces.delete(name);
    trace?.end();
  }
}
