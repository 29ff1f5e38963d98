// The traces of several processes, read as one.

import { basename } from "node:path";
import type { TraceReader } from "../../ctf/index.js";
import type { TraceEntry } from "../../trace/entry.js";
import { mergeStreams, type TraceStream } from "../../trace/merge.js";
import { openTraceDir, type TraceDirOptions } from "./trace-dir.js";
import { traceDirs } from "./trace-tree.js";

/** From a CPU of one process to the same of the next: more than a process can have, and easy to see. */
const CPUS_APART = 1000;

/**
 * Opens the trace in a directory, or all traces below it as one: on the clock of the process that began first, with
 * CPU 3 of the second process as CPU 1003, and so on. Names of threads begin with their process's. Throws as
 * `openTraceDir`.
 */
export function openTraces(dir: string, options: TraceDirOptions): TraceReader {
  const dirs = traceDirs(dir);
  const readers = dirs.map((each) => openTraceDir(each, options));
  const [only, ...others] = readers;
  if (only && others.length === 0) return only;
  const first = readers.reduce((a, b) =>
    b.metadata.clockOffsetNs < a.metadata.clockOffsetNs ? b : a,
  );
  const { metadata, schema, facilities } = first;
  const streams = (): TraceStream[] =>
    readers.flatMap((reader, i) => {
      const shift = {
        ns: reader.metadata.clockOffsetNs - metadata.clockOffsetNs,
        cpus: i * CPUS_APART,
        process: basename(dirs[i] ?? ""),
      };
      return reader.streams.map((stream) => ({
        info: stream.info,
        entries: () => shifted(stream.entries(), shift),
      }));
    });
  const events = new Map(readers.flatMap((each) => each.schema.events.map((e) => [e.name, e])));
  return {
    metadata,
    facilities,
    schema: { ...schema, events: [...events.values()] },
    get streams() {
      return streams();
    },
    *entries() {
      yield* mergeStreams(streams());
    },
  };
}

interface Shift {
  readonly ns: bigint;
  readonly cpus: number;
  readonly process: string;
}

function* shifted(entries: Iterable<TraceEntry>, shift: Shift): Generator<TraceEntry, void, void> {
  for (const entry of entries) {
    const timestamp = entry.timestamp + shift.ns;
    const cpu = entry.cpu + shift.cpus;
    if (entry.kind === "record") {
      yield { ...entry, timestamp, cpu, fields: fieldsOf(entry, shift) };
    } else {
      const since = entry.since === undefined ? undefined : entry.since + shift.ns;
      yield { ...entry, timestamp, cpu, since };
    }
  }
}

/** Who a thread is, among those of all processes. */
function fieldsOf(
  { event, fields }: Extract<TraceEntry, { kind: "record" }>,
  { cpus, process }: Shift,
): Readonly<Record<string, unknown>> {
  if (event !== "core:domain_info") return fields;
  return { ...fields, vcpu: Number(fields.vcpu) + cpus, name: `${process} ${fields.name}` };
}
