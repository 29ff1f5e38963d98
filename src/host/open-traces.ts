// What all Trace objects of one trace share: its frames are mapped once, one loop at a time reads it,
// and whichever way it is destroyed, all of them see it and nothing stays mapped.

import type { MemoryViews } from "../memory/views.js";
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

/** By the views of an instance, which is one thread's: those of its dom0s that are not closed. */
const open = new WeakMap<MemoryViews, Set<OpenTraces>>();

/** The traces that a dom0 has opened and that still exist, by name. */
export class OpenTraces {
  readonly #traces = new Map<string, OpenTrace>();
  readonly #peers: Set<OpenTraces>;

  constructor(views: MemoryViews) {
    this.#peers = open.get(views) ?? new Set();
    open.set(views, this.#peers);
    this.#peers.add(this);
  }

  /** The trace of that name, if this dom0 has opened it. */
  find(name: string): OpenTrace | undefined {
    return this.#traces.get(name);
  }

  /** The trace of that name, which must exist. */
  of(name: string): OpenTrace {
    const known = this.#traces.get(name);
    if (known) return known;
    const trace = new OpenTrace();
    this.#traces.set(name, trace);
    return trace;
  }

  /**
   * The trace of that name was destroyed: another one may have the name from now on. Told to the
   * instance's dom0 too, where a closed one's `ops` have done it: the hypervisor knows no difference.
   */
  end(name: string): void {
    for (const each of new Set([this, ...this.#peers])) each.#forget(name);
  }

  /** Its dom0 was closed. */
  close(): void {
    this.#peers.delete(this);
  }

  #forget(name: string): void {
    const trace = this.#traces.get(name);
    this.#traces.delete(name);
    trace?.end();
  }
}
