// Chrome trace events: JSON that ui.perfetto.dev and chrome://tracing show.

import type { RecordEntry, TraceEntry } from "../ctf/merge.js";
import type { TraceMetadata } from "../ctf/read/metadata.js";
import { once, recordedOn } from "./fields.js";
import { jsonOf, jsonText } from "./json.js";
import { type Shown, type SlicePair, Slices } from "./slices.js";

export type { SlicePair };

export interface ChromeOptions {
  /** Names the process, and goes into `otherData`. */
  readonly metadata?: TraceMetadata;
  /** Pairs of events: records of the first one begin slices, records of the second one end them. */
  readonly slices?: readonly SlicePair[];
  /** Called at the end, for each pair of which slices could not be told apart. */
  readonly onAmbiguous?: (begin: string, slices: number) => void;
}

/**
 * The trace as pieces of one JSON text, an event or two each; the last one closes it. Throws TraceError
 * `bad-option`, and what `entries` throws, after the pieces before it: the text is not closed then.
 */
export function* toChrome(
  entries: Iterable<TraceEntry>,
  { metadata, slices: pairs = [], onAmbiguous }: ChromeOptions = {},
): Generator<string, void, void> {
  const slices = new Slices(pairs);
  const threads = new Threads();
  // All CPUs are shown as threads of one process: the one that was recorded.
  const pid = typeof metadata?.env.process === "number" ? metadata.env.process : 1;
  const show = showing(pid);
  yield head(metadata, pid);
  for (const entry of entries) {
    if (threads.isNew(entry.cpu)) yield sortIndex(pid, entry.cpu);
    for (const shown of slices.step(entry)) yield show(shown);
    const told = entry.kind === "record" ? threads.nameTold(entry) : undefined;
    if (told !== undefined) yield threadName(pid, told.cpu, told.name);
  }
  for (const shown of slices.rest()) yield show(shown);
  for (const cpu of threads.unnamed()) yield threadName(pid, cpu, "");
  yield tail(metadata);
  for (const [begin, count] of slices.ambiguous()) onAmbiguous?.(begin, count);
}

/**
 * Begins the JSON, with the first of its events: all others can begin with a comma. Some readers want
 * exactly these characters first.
 */
function head(metadata: TraceMetadata | undefined, pid: number): string {
  const name = recordedOn(metadata?.env ?? {}) || "tbuf";
  return (
    `{"traceEvents":[\n{"pid":${pid},"tid":0,"ts":0,"ph":"M","name":"process_name",` +
    `"args":{"name":${jsonText(name)}}}`
  );
}

/** Ends it. Readers that look for the last event by its two braces find no such braces after it. */
function tail(metadata: TraceMetadata | undefined): string {
  const { env = {}, uuid, clockOffsetNs } = metadata ?? {};
  const other = Object.entries({
    ...env,
    ...(uuid !== undefined && { uuid }),
    ...(clockOffsetNs !== undefined && { clock_offset_ns: String(clockOffsetNs) }),
  }).map(([name, value]) => `${jsonText(name)}:${jsonText(String(value))}`);
  return `\n],"otherData":{${other.join(",")}},"displayTimeUnit":"ns"}\n`;
}

/** A time as a decimal number of microseconds, exactly. */
function microseconds(ns: bigint): string {
  const text = ns.toString().padStart(4, "0");
  return `${text.slice(0, -3)}.${text.slice(-3)}`;
}

/** Category and name of an event. */
function eventNames(event: string): string {
  const facility = event.slice(0, Math.max(event.indexOf(":"), 0));
  return `"cat":${jsonText(facility)},"name":${jsonText(event)}`;
}

const LOST = '"cat":"tbuf","name":"lost"';

/** How records become events. Members are in the order that the quickest parsers expect. */
function showing(pid: number): (shown: Shown) => string {
  const namesOf = once(eventNames);
  const argsOf = once(jsonOf);
  const args = ({ definition, fields }: RecordEntry) => argsOf(definition)(fields);
  const at = ({ cpu, timestamp }: TraceEntry) =>
    `,\n{"pid":${pid},"tid":${cpu},"ts":${microseconds(timestamp)}`;
  return (shown) => {
    switch (shown.kind) {
      case "instant": {
        const { entry } = shown;
        const begin = `${at(entry)},"ph":"i"`;
        if (entry.kind === "record") {
          return `${begin},${namesOf(entry.event)},"s":"t","args":${args(entry)}}`;
        }
        const { records, since } = entry;
        const told = since === undefined ? "" : `,"since":${microseconds(since)}`;
        return `${begin},${LOST},"s":"t","args":{"records":${records}${told}}}`;
      }
      case "slice": {
        const { begin, end } = shown;
        const duration = microseconds(end.timestamp - begin.timestamp);
        const both = `{"begin":${args(begin)},"end":${args(end)}}`;
        return `${at(begin)},"ph":"X",${namesOf(begin.event)},"dur":${duration},"args":${both}}`;
      }
      case "open": {
        const { begin } = shown;
        return `${at(begin)},"ph":"B",${namesOf(begin.event)},"args":{"begin":${args(begin)}}}`;
      }
      default: {
        const { kind, name, id, entry } = shown;
        const phase = kind === "begin" ? "b" : "e";
        return `${at(entry)},"ph":"${phase}",${namesOf(name)},"id":"${id}","args":${args(entry)}}`;
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
  nameTold({ event, fields }: RecordEntry): { cpu: number; name: string } | undefined {
    const { vcpu: cpu, name } = fields;
    if (event !== "core:domain_info" || typeof cpu !== "number" || typeof name !== "string") return;
    const count = (this.#named.get(cpu) ?? 0) + 1;
    this.#named.set(cpu, count);
    return { cpu, name: count === 1 ? name : `${name}, the last of ${count}` };
  }

  unnamed(): number[] {
    return [...this.#seen].filter((cpu) => !this.#named.has(cpu));
  }
}
