// Chrome trace events: JSON that ui.perfetto.dev and chrome://tracing show.

import type { RecordEntry, TraceEntry } from "../trace/entry.js";
import {
  EMPTY_SCHEMA,
  type Environment,
  type EventClass,
  type TraceSchema,
} from "../trace/schema.js";
import { type Output, piecesOf, type TraceSink } from "../trace/sink.js";
import { takesTime, withoutTook } from "../trace/took.js";
import { once, recordedOn } from "./fields.js";
import { jsonOf, jsonText } from "./json.js";
import { type Shown, type SlicePair, Slices } from "./slices.js";
import { threadTold } from "./threads.js";

export type { SlicePair };

export interface ChromeSinkOptions {
  /** Pairs of events: records of the first one begin slices, records of the second one end them. */
  readonly slices?: readonly SlicePair[];
  /** Call records by the names of their events, such as "app:request", also where these have labels. Default false. */
  readonly names?: boolean;
  /** Called at the end, for each pair of which slices could not be told apart. */
  readonly onAmbiguous?: (begin: string, slices: number) => void;
}

/** What is known of a trace: a `TraceReader`'s `metadata`. */
export interface ChromeMetadata {
  readonly env: Environment;
  /** UUID as text. */
  readonly uuid?: string;
  /** Nanoseconds from the Unix epoch to timestamp 0. */
  readonly clockOffsetNs?: bigint;
}

export interface ChromeOptions extends ChromeSinkOptions {
  /** Names the process, and goes into `otherData`. */
  readonly metadata?: ChromeMetadata;
}

/**
 * The trace as pieces of one JSON text, an event or two each; the last one closes it. Throws TraceError
 * `bad-option`, and what `entries` throws, after the pieces before it: the text is not closed then.
 */
export function* toChrome(
  entries: Iterable<TraceEntry>,
  { metadata, ...options }: ChromeOptions = {},
): Generator<string, void, void> {
  const makeSink = (output: Output<string>) => new ChromeSink(output, options);
  yield* piecesOf(entries, makeSink, schemaOf(metadata));
}

function schemaOf(metadata: ChromeMetadata | undefined): TraceSchema {
  if (!metadata) return EMPTY_SCHEMA;
  const { env, uuid, clockOffsetNs } = metadata;
  return {
    ...EMPTY_SCHEMA,
    environment: env,
    ...(uuid !== undefined && { uuid }),
    ...(clockOffsetNs !== undefined && { clock: { offsetNs: clockOffsetNs } }),
  };
}

/** The JSON text of `toChrome`, piece by piece. Only `finish` closes it. */
export class ChromeSink implements TraceSink {
  readonly #output: Output<string>;
  readonly #slices: Slices;
  readonly #onAmbiguous: ChromeSinkOptions["onAmbiguous"];
  readonly #threads = new Threads();
  readonly #titleOf: TitleOf;
  #schema = EMPTY_SCHEMA;
  #pid = 1;
  #show: (shown: Shown) => string = String;

  /** Throws TraceError `bad-option` for an event that two slices are named by. */
  constructor(
    output: Output<string>,
    { slices = [], names = false, onAmbiguous }: ChromeSinkOptions = {},
  ) {
    this.#titleOf = names ? ({ name }) => name : ({ label, name }) => label ?? name;
    this.#output = output;
    this.#slices = new Slices(slices);
    this.#onAmbiguous = onAmbiguous;
  }

  begin(schema: TraceSchema): void {
    this.#schema = schema;
    // All CPUs are shown as threads of one process: the one that was recorded.
    const { process } = schema.environment;
    if (typeof process === "number") this.#pid = process;
    this.#show = showing(this.#pid, this.#titleOf);
    this.#output(head(schema, this.#pid));
  }

  append(entry: TraceEntry): void {
    if (this.#threads.isNew(entry.cpu)) this.#output(sortIndex(this.#pid, entry.cpu));
    for (const shown of this.#slices.step(entry)) this.#output(this.#show(shown));
    const told = entry.kind === "record" ? this.#threads.nameTold(entry) : undefined;
    if (told !== undefined) this.#output(threadName(this.#pid, told.cpu, told.name));
  }

  finish(): void {
    for (const shown of this.#slices.rest()) this.#output(this.#show(shown));
    for (const cpu of this.#threads.unnamed()) this.#output(threadName(this.#pid, cpu, ""));
    this.#output(tail(this.#schema));
    for (const [begin, count] of this.#slices.ambiguous()) this.#onAmbiguous?.(begin, count);
  }
}

/**
 * Begins the JSON, with the first of its events: all others can begin with a comma. Some readers want
 * exactly these characters first.
 */
function head({ environment }: TraceSchema, pid: number): string {
  const name = recordedOn(environment) || "tbuf";
  return (
    `{"traceEvents":[\n{"pid":${pid},"tid":0,"ts":0,"ph":"M","name":"process_name",` +
    `"args":{"name":${jsonText(name)}}}`
  );
}

/** Ends it. Readers that look for the last event by its two braces find no such braces after it. */
function tail({ environment, uuid, clock: { offsetNs } }: TraceSchema): string {
  const other = Object.entries({
    ...environment,
    ...(uuid !== undefined && { uuid }),
    ...(offsetNs !== undefined && { clock_offset_ns: String(offsetNs) }),
  }).map(([name, value]) => `${jsonText(name)}:${jsonText(String(value))}`);
  return `\n],"otherData":{${other.join(",")}},"displayTimeUnit":"ns"}\n`;
}

/** A time as a decimal number of microseconds, exactly. */
function microseconds(ns: bigint): string {
  const text = ns.toString().padStart(4, "0");
  return `${text.slice(0, -3)}.${text.slice(-3)}`;
}

/** What events of a class are called. */
type TitleOf = (eventClass: EventClass) => string;

/** Category and name of an event. */
function eventNames(event: string, title: string): string {
  const facility = event.slice(0, Math.max(event.indexOf(":"), 0));
  return `"cat":${jsonText(facility)},"name":${jsonText(title)}`;
}

const LOST = '"cat":"tbuf","name":"lost"';

/** How records become events. Members are in the order that the quickest parsers expect. */
function showing(pid: number, titleOf: TitleOf): (shown: Shown) => string {
  const namesOfClass = once((eventClass: EventClass) =>
    eventNames(eventClass.name, titleOf(eventClass)),
  );
  const namesOf = ({ eventClass }: RecordEntry) => namesOfClass(eventClass);
  const argsOf = once(({ fields }: EventClass) => jsonOf(fields));
  const otherArgsOf = once((eventClass: EventClass) => jsonOf(withoutTook(eventClass)));
  const args = ({ eventClass, fields }: RecordEntry) => argsOf(eventClass)(fields);
  /** What a slice does not say by its place. */
  const otherArgs = ({ eventClass, fields }: RecordEntry) =>
    (takesTime(eventClass) ? otherArgsOf : argsOf)(eventClass)(fields);
  const at = (cpu: number, time: bigint) =>
    `,\n{"pid":${pid},"tid":${cpu},"ts":${microseconds(time)}`;
  return (shown) => {
    switch (shown.kind) {
      case "instant": {
        const { entry } = shown;
        const begin = `${at(entry.cpu, entry.timestamp)},"ph":"i"`;
        if (entry.kind === "record") {
          return `${begin},${namesOf(entry)},"s":"t","args":${args(entry)}}`;
        }
        const { records, since } = entry;
        const told = since === undefined ? "" : `,"since":${microseconds(since)}`;
        return `${begin},${LOST},"s":"t","args":{"records":${records}${told}}}`;
      }
      case "slice": {
        const { named, start, duration, ended } = shown;
        const told = ended ? `{"begin":${args(named)},"end":${args(ended)}}` : otherArgs(named);
        const dur = microseconds(duration);
        return `${at(named.cpu, start)},"ph":"X",${namesOf(named)},"dur":${dur},"args":${told}}`;
      }
      case "open": {
        const { named } = shown;
        const begin = `${at(named.cpu, named.timestamp)},"ph":"B"`;
        return `${begin},${namesOf(named)},"args":{"begin":${args(named)}}}`;
      }
      default: {
        const { kind, named, id, time, cpu, entry } = shown;
        const phase = kind === "begin" ? "b" : "e";
        const told = entry ? otherArgs(entry) : "{}";
        return `${at(cpu, time)},"ph":"${phase}",${namesOf(named)},"id":"${id}","args":${told}}`;
      }
    }
  };
}

function sortIndex(pid: number, cpu: number): string {
  return threadEvent(pid, cpu, "thread_sort_index", `"sort_index":${cpu}`);
}

function threadName(pid: number, cpu: number, name: string): string {
  const shown = name === "" ? `CPU ${cpu}` : `CPU ${cpu}: ${name}`;
  return threadEvent(pid, cpu, "thread_name", `"name":${jsonText(shown)}`);
}

function threadEvent(pid: number, cpu: number, name: string, args: string): string {
  return `,\n{"pid":${pid},"tid":${cpu},"ts":0,"ph":"M","name":"${name}","args":{${args}}}`;
}

/** The CPUs of a trace, and the threads that were on them. */
class Threads {
  readonly #seen = new Set<number>();
  /** How many threads told their names, by CPU. */
  readonly #named = new Map<number, number>();

  isNew(cpu: number): boolean {
    const isNew = !this.#seen.has(cpu);
    this.#seen.add(cpu);
    return isNew;
  }

  /** The name that a CPU has from this record on, where it tells one. */
  nameTold(entry: RecordEntry): { cpu: number; name: string } | undefined {
    const told = threadTold(entry);
    if (!told) return undefined;
    const { cpu, name } = told;
    const count = (this.#named.get(cpu) ?? 0) + 1;
    this.#named.set(cpu, count);
    return { cpu, name: count === 1 ? name : `${name}, the last of ${count}` };
  }

  unnamed(): number[] {
    return [...this.#seen].filter((cpu) => !this.#named.has(cpu));
  }
}
