// Which records begin and end slices. The user names pairs of events; which record ends which slice is
// decided here, or said to be unknown.

import { badOption, TraceError } from "../errors.js";
import type { LossEntry, RecordEntry, TraceEntry } from "../trace/entry.js";

/**
 * Names of two events, "app:begin" and "app:end", and a field that both have. With the field, the two
 * records of a slice are those with the same value in it, and slices may overlap.
 */
export type SlicePair = readonly [begin: string, end: string, field?: string];

/** How records are to be shown. */
export type Shown =
  /** A record on its own. */
  | { readonly kind: "instant"; readonly entry: RecordEntry | LossEntry }
  /** A slice of one thread that lies within all others, or beside them. */
  | { readonly kind: "slice"; readonly begin: RecordEntry; readonly end: RecordEntry }
  /** One that has no end. */
  | { readonly kind: "open"; readonly begin: RecordEntry }
  /** An end of a slice that may overlap others; `id` is that slice's own. */
  | {
      readonly kind: "begin" | "end";
      readonly name: string;
      readonly id: number;
      readonly entry: RecordEntry;
    };

interface Open {
  readonly pair: Pair;
  readonly begin: RecordEntry;
  /** Another slice of the thread began before it and ended within it: the two are not nested. */
  isCrossed: boolean;
}

/** The state of a pair. */
interface Pair {
  /** Name of its slices: of the event that begins them. */
  readonly name: string;
  readonly field: string | undefined;
  /** By CPU, slices of which nobody can say which record ends them, while there is more than none. */
  readonly doubtful: Map<number, number>;
  /** By the field's value and the CPU on which it began, the id of the open slice. */
  readonly byValue: Map<string, Map<number, number>>;
  /** Slices that could not be told apart. */
  ambiguous: number;
}

export class Slices {
  readonly #begins = new Map<string, Pair>();
  readonly #ends = new Map<string, Pair>();
  /** Open slices of pairs without a field by CPU, the last begun last. */
  readonly #open = new Map<number, Open[]>();
  #ids = 0;

  /** Throws TraceError `bad-option` for what is no list of pairs, and for an event that is named twice. */
  constructor(pairs: readonly SlicePair[]) {
    checkPairs(pairs);
    for (const [begin, end, field] of pairs) {
      const pair = {
        name: begin,
        field,
        doubtful: new Map<number, number>(),
        byValue: new Map<string, Map<number, number>>(),
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
    return [{ kind: "instant", entry }];
  }

  /** How to show what is open when there are no more entries. */
  rest(): readonly Shown[] {
    return [...this.#open.values()].flat().flatMap(({ begin, isCrossed, pair: { name } }) => {
      if (!isCrossed) return { kind: "open", begin } as const;
      return { kind: "begin", name, id: ++this.#ids, entry: begin } as const;
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
    if (!isCrossed) return [{ kind: "slice", begin, end: entry }];
    const { name } = pair;
    const id = ++this.#ids;
    return [
      { kind: "begin", name, id, entry: begin },
      { kind: "end", name, id, entry },
    ];
  }

  #beginBy(pair: Pair, entry: RecordEntry): readonly Shown[] {
    const value = fieldValue(pair, entry);
    if (value === undefined) return [{ kind: "instant", entry }];
    const open = pair.byValue.get(value) ?? new Map<number, number>();
    pair.byValue.set(value, open);
    // The one before has no end, or the value is not its own.
    if (open.has(entry.cpu)) pair.ambiguous += 1;
    const id = ++this.#ids;
    open.set(entry.cpu, id);
    return [{ kind: "begin", name: pair.name, id, entry }];
  }

  #endBy(pair: Pair, entry: RecordEntry): readonly Shown[] {
    const value = fieldValue(pair, entry);
    const open = value === undefined ? undefined : pair.byValue.get(value);
    if (value === undefined || !open) return [{ kind: "instant", entry }];
    // What began on this CPU comes first; what a single other CPU began may end here.
    const cpu = open.has(entry.cpu) || open.size > 1 ? entry.cpu : (open.keys().next().value ?? -1);
    const id = open.get(cpu);
    if (id === undefined) {
      pair.ambiguous += 1;
      return [{ kind: "instant", entry }];
    }
    open.delete(cpu);
    if (open.size === 0) pair.byValue.delete(value);
    return [{ kind: "end", name: pair.name, id, entry }];
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
