// Chrome trace events: JSON that ui.perfetto.dev and chrome://tracing show.

import type { RecordEntry, TraceEntry } from "../ctf/merge.js";
import type { TraceMetadata } from "../ctf/metadata-reader.js";
import { once, recordedOn } from "./fields.js";
import { jsonOf, jsonText } from "./json.js";
import { type SlicePair, Slices } from "./slices.js";

export type { SlicePair };

export interface ChromeOptions {
  /** Names the process, and goes into `otherData`. */
  readonly metadata?: TraceMetadata;
  /** Pairs of events: records of the first one begin slices, records of the second one end them. */
  readonly slices?: readonly SlicePair[];
}

/**
 * The trace as pieces of one JSON text, an event each; the last one closes it. Throws TraceError
 * `bad-option`, and what `entries` throws, after the pieces before it: the text is not closed then.
 */
export function* toChrome(
  entries: Iterable<TraceEntry>,
  { metadata, slices: pairs = [] }: ChromeOptions = {},
): Generator<string, void, void> {
  const slices = new Slices(pairs);
  const threads = new Threads();
  const namesOf = once(eventNames);
  const argsOf = once(jsonOf);
  // All CPUs are shown as threads of one process: the one that was recorded.
  const pid = typeof metadata?.env.process === "number" ? metadata.env.process : 1;
  yield head(metadata, pid);
  for (const entry of entries) {
    const { kind, cpu, timestamp } = entry;
    const at = `"ts":${microseconds(timestamp)},"pid":${pid},"tid":${cpu}`;
    if (threads.isNew(cpu)) yield sortIndex(pid, cpu);
    if (kind === "loss") {
      const { records, since } = entry;
      const told = since === undefined ? "" : `,"since":${microseconds(since)}`;
      yield traceEvent("i", LOST, at, `{"records":${records}${told}}`);
      continue;
    }
    const { phase, name, inner } = slices.step(cpu, entry.event);
    for (const each of inner) yield traceEvent("E", namesOf(each), at, "{}");
    yield traceEvent(phase, namesOf(name), at, argsOf(entry.definition)(entry.fields));
    const told = threads.nameTold(entry);
    if (told !== undefined) yield threadName(pid, told.cpu, told.name);
  }
  for (const cpu of threads.unnamed()) yield threadName(pid, cpu, "");
  yield "\n]}\n";
}

/** Begins the JSON, with the first of its events: all others can begin with a comma. */
function head(metadata: TraceMetadata | undefined, pid: number): string {
  const { env = {}, uuid, clockOffsetNs } = metadata ?? {};
  const other = Object.entries({
    ...env,
    ...(uuid !== undefined && { uuid }),
    ...(clockOffsetNs !== undefined && { clock_offset_ns: String(clockOffsetNs) }),
  }).map(([name, value]) => `${jsonText(name)}:${jsonText(String(value))}`);
  const name = recordedOn(env) || "tbuf";
  return (
    `{"displayTimeUnit":"ns","otherData":{${other.join(",")}},"traceEvents":[\n` +
    `{"ph":"M","name":"process_name","pid":${pid},"args":{"name":${jsonText(name)}}}`
  );
}

/** A time as a decimal number of microseconds, exactly. */
function microseconds(ns: bigint): string {
  const text = ns.toString().padStart(4, "0");
  return `${text.slice(0, -3)}.${text.slice(-3)}`;
}

/** Name and category of an event. */
function eventNames(event: string): string {
  const facility = event.slice(0, Math.max(event.indexOf(":"), 0));
  return `"name":${jsonText(event)},"cat":${jsonText(facility)}`;
}

const LOST = '"name":"lost","cat":"tbuf"';

function traceEvent(phase: "B" | "E" | "i", names: string, at: string, args: string): string {
  const scope = phase === "i" ? ',"s":"t"' : "";
  return `,\n{"ph":"${phase}"${scope},${names},${at},"args":${args}}`;
}

function sortIndex(pid: number, cpu: number): string {
  const args = `{"sort_index":${cpu}}`;
  return `,\n{"ph":"M","name":"thread_sort_index","pid":${pid},"tid":${cpu},"args":${args}}`;
}

function threadName(pid: number, cpu: number, name: string): string {
  const args = `{"name":${jsonText(name === "" ? `CPU ${cpu}` : `CPU ${cpu}: ${name}`)}}`;
  return `,\n{"ph":"M","name":"thread_name","pid":${pid},"tid":${cpu},"args":${args}}`;
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
