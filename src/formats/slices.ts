// Which records are slices, begin them and end them. What took time is one by itself. For the rest the user names
// pairs of events; which record ends which slice is decided here, or said to be unknown.

import { badOption, TraceError } from "../errors.js";
import type { LossEntry, RecordEntry, TraceEntry } from "../trace/entry.js";
import { type Took, tookOf } from "../trace/took.js";
import { Nesting } from "./nesting.js";

/**
 * Names of two events, "app:begin" and "app:end", and a field that both have. With the field, the two
 * records of a slice are those with the same value in it, and slices may overlap.
 */
export type SlicePair = readonly [begin: string, end: string, field?: string];

/** How records are to be shown. `named` is the record that a slice is called after. */
export type Shown =
  /** A record on its own. */
  | { readonly kind: "instant"; readonly entry: RecordEntry | LossEntry }
  /** A slice of one thread that lies within all others, around them, or beside them. */
  | {
      readonly kind: "slice";
      readonly named: RecordEntry;
      readonly start: bigint;
      readonly duration: bigint;
      /** The record that ended it; undefined where one record is all of it. */
      readonly ended: RecordEntry | undefined;
    }
  /** One that has no end. */
  | { readonly kind: "open"; readonly named: RecordEntry }
  /** An end of a slice that may overlap others; `id` is that slice's own. */
  | {
      readonly kind: "begin" | "end";
      readonly named: RecordEntry;
      readonly id: number;
      readonly time: bigint;
      /** The thread on which it was. */
      readonly cpu: number;
      /** The record that tells more of it, where there is one. */
      readonly entry: RecordEntry | undefined;
    };

interface Open {
  readonly pair: Pair;
  readonly begin: RecordEntry;
  /** Another slice of the thread began before it and ended within it: the two are not nested. */
  isCrossed: boolean;
}

/** An open slice of a pair with a field. */
interface OpenBy {
  readonly id: number;
  readonly named: RecordEntry;
}

/** The state of a pair. */
interface Pair {
  /** Name of its slices: of the event that begins them. */
  readonly name: string;
  readonly field: string | undefined;
  /** By CPU, slices of which nobody can say which record ends them, while there is more than none. */
  readonly doubtful: Map<number, number>;
  /** By the field's value and the CPU on which it began, the open slice. */
  readonly byValue: Map<string, Map<number, OpenBy>>;
  /** Slices that could not be told apart. */
  ambiguous: number;
}

/** The end of a slice that has none: later than all that a trace can tell. */
const ENDLESS = 2n ** 65n;

export class Slices {
  readonly #begins = new Map<string, Pair>();
  readonly #ends = new Map<string, Pair>();
  /** Open slices of pairs without a field by CPU, the last begun last. */
  readonly #open = new Map<number, Open[]>();
  readonly #nesting = new Nesting();
  #ids = 0;

  /** Throws TraceError `bad-option` for what is no list of pairs, and for an event that is named twice. */
  constructor(pairs: readonly SlicePair[]) {
    checkPairs(pairs);
    for (const [begin, end, field] of pairs) {
      const pair = {
        name: begin,
        field,
        doubtful: new Map<number, number>(),
        byValue: new Map<string, Map<number, OpenBy>>(),
        ambiguous: 0,
      };
      this.#add(this.#begins, begin, pair);
      this.#add(this.#ends, end, pair);
    }
  }

  #add(events: Map<string, Pair>, event: string, pair: Pair): void {
    if (this.#begins.has(event) || this.#ends.has(event)) refuse(event);
    events.set(event, pair);
  }

  /** How to show what the next entry completes. */
  step(entry: TraceEntry): readonly Shown[] {
    if (entry.kind === "loss") return [...this.#forget(entry.cpu), { kind: "instant", entry }];
    const begun = this.#begins.get(entry.event);
    if (begun)
      return begun.field === undefined ? this.#begin(begun, entry) : this.#beginBy(begun, entry);
    const ended = this.#ends.get(entry.event);
    if (ended)
      return ended.field === undefined ? this.#end(ended, entry) : this.#endBy(ended, entry);
    const took = tookOf(entry);
    if (took) return this.#slice(entry, took);
    return [{ kind: "instant", entry }];
  }

  /** How to show what is open when there are no more entries. */
  rest(): readonly Shown[] {
    return [...this.#open.values()].flat().map(({ begin, isCrossed }) => {
      const { cpu, timestamp } = begin;
      const isNested = !isCrossed && this.#nesting.add(cpu, timestamp, ENDLESS);
      return isNested ? { kind: "open", named: begin } : this.#beginning(begin, timestamp);
    });
  }

  /** For each pair that has some, how many of its slices could not be told apart. */
  ambiguous(): ReadonlyMap<string, number> {
    const pairs = [...this.#begins.values()].filter(({ ambiguous }) => ambiguous > 0);
    return new Map(pairs.map(({ name, ambiguous }) => [name, ambiguous]));
  }

  /** A CPU has lost records: what is open on it may have ended. */
  #forget(cpu: number): readonly Shown[] {
    for (const { doubtful } of this.#begins.values()) doubtful.delete(cpu);
    const open = this.#open.get(cpu) ?? [];
    this.#open.delete(cpu);
    return open.map(({ begin }) => ({ kind: "instant", entry: begin }));
  }

  #begin(pair: Pair, entry: RecordEntry): readonly Shown[] {
    const { cpu } = entry;
    const doubtful = pair.doubtful.get(cpu);
    if (doubtful !== undefined) {
      pair.doubtful.set(cpu, doubtful + 1);
      pair.ambiguous += 1;
      return [{ kind: "instant", entry }];
    }
    const open = this.#open.get(cpu) ?? [];
    this.#open.set(cpu, open);
    const at = open.findIndex((each) => each.pair === pair);
    const [other] = at < 0 ? [] : open.splice(at, 1);
    if (!other) {
      open.push({ pair, begin: entry, isCrossed: false });
      return [];
    }
    pair.doubtful.set(cpu, 2);
    pair.ambiguous += 2;
    return [
      { kind: "instant", entry: other.begin },
      { kind: "instant", entry },
    ];
  }

  #end(pair: Pair, entry: RecordEntry): readonly Shown[] {
    const { cpu } = entry;
    const doubtful = pair.doubtful.get(cpu);
    if (doubtful !== undefined) {
      if (doubtful > 1) pair.doubtful.set(cpu, doubtful - 1);
      else pair.doubtful.delete(cpu);
      return [{ kind: "instant", entry }];
    }
    const open = this.#open.get(cpu) ?? [];
    const at = open.findIndex((each) => each.pair === pair);
    const [ended] = at < 0 ? [] : open.splice(at, 1);
    if (!ended) return [{ kind: "instant", entry }];
    for (const later of open.slice(at)) later.isCrossed = true;
    const { begin, isCrossed } = ended;
    const start = begin.timestamp;
    const took = { start, duration: entry.timestamp - start };
    return isCrossed ? this.#apart(begin, took, entry) : this.#slice(begin, took, entry);
  }

  /** A slice that is known as a whole: of its thread's row where it fits in there, or else on its own. */
  #slice(named: RecordEntry, took: Took, ended?: RecordEntry): readonly Shown[] {
    const { start, duration } = took;
    if (!this.#nesting.add(named.cpu, start, start + duration)) {
      return this.#apart(named, took, ended);
    }
    return [{ kind: "slice", named, start, duration, ended }];
  }

  #apart(named: RecordEntry, took: Took, ended: RecordEntry | undefined): readonly Shown[] {
    const begin = this.#beginning(named, took.start);
    const time = took.start + took.duration;
    return [begin, { ...begin, kind: "end", time, entry: ended }];
  }

  #beginning(entry: RecordEntry, time: bigint) {
    const id = ++this.#ids;
    return { kind: "begin", named: entry, id, time, cpu: entry.cpu, entry } as const;
  }

  #beginBy(pair: Pair, entry: RecordEntry): readonly Shown[] {
    const value = fieldValue(pair, entry);
    if (value === undefined) return [{ kind: "instant", entry }];
    const open = pair.byValue.get(value) ?? new Map<number, OpenBy>();
    pair.byValue.set(value, open);
    // The one before has no end, or the value is not its own.
    if (open.has(entry.cpu)) pair.ambiguous += 1;
    const begin = this.#beginning(entry, entry.timestamp);
    open.set(entry.cpu, begin);
    return [begin];
  }

  #endBy(pair: Pair, entry: RecordEntry): readonly Shown[] {
    const value = fieldValue(pair, entry);
    const open = value === undefined ? undefined : pair.byValue.get(value);
    if (value === undefined || !open) return [{ kind: "instant", entry }];
    // What began on this CPU comes first; what a single other CPU began may end here.
    const cpu = open.has(entry.cpu) || open.size > 1 ? entry.cpu : (open.keys().next().value ?? -1);
    const begun = open.get(cpu);
    if (!begun) {
      pair.ambiguous += 1;
      return [{ kind: "instant", entry }];
    }
    open.delete(cpu);
    if (open.size === 0) pair.byValue.delete(value);
    const { id, named } = begun;
    return [{ kind: "end", named, id, time: entry.timestamp, cpu: entry.cpu, entry }];
  }
}

function fieldValue({ field }: Pair, { fields }: RecordEntry): string | undefined {
  const has = field !== undefined && Object.hasOwn(fields, field);
  return has ? String(fields[field]) : undefined;
}

function checkPairs(pairs: unknown): void {
  const expected =
    'a list of pairs such as ["app:begin", "app:end"] or ["app:begin", "app:end", "id"]';
  if (!Array.isArray(pairs)) throw badOption("chrome", "slices", expected, pairs);
  for (const pair of pairs as readonly unknown[]) {
    const isPair = Array.isArray(pair) && (pair.length === 2 || pair.length === 3);
    if (!isPair) throw badOption("chrome", "slices", expected, pair);
    const odd = pair.findIndex((name) => typeof name !== "string");
    if (odd >= 0) throw badOption("chrome", "slices", expected, pair[odd]);
  }
}

function refuse(name: string): never {
  throw new TraceError(
    "bad-option",
    `slices: ${JSON.stringify(name)} is named twice; an event begins slices or ends them, of one pair`,
  );
}
