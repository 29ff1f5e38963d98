// A recording of several processes: its traces, and what each of them holds.

import { basename } from "node:path";
import { titlesOf } from "../formats/fields.js";
import { visible } from "../formats/text.js";
import { threadNames } from "../node/files/thread-names.js";
import { countEvents, openTraceDir, readTraceDir, type TraceDir } from "../node/files/trace-dir.js";
import { traceDirs } from "../node/files/trace-tree.js";
import { columns, span } from "./columns.js";

/** What a summary holds besides that of `readTraceDir`. */
export interface More {
  /** Names of threads by CPU. */
  readonly threads?: ReadonlyMap<number, readonly string[]>;
  /** How many records there are of each event, by its name. */
  readonly events?: ReadonlyMap<string, number>;
  /** What events are called in the table; by their names where they are not in here. */
  readonly titles?: ReadonlyMap<string, string>;
}

export interface ReadTrace {
  /** Path of the trace. */
  readonly dir: string;
  readonly trace: TraceDir;
  readonly more: More;
}

/**
 * Sums up all traces in a directory. Throws TraceError `output` for one that cannot be read.
 * @param options `events`: count the records of each; `names`: call events by their names
 */
export function readTraces(
  dir: string,
  { events = false, names = false }: { events?: boolean; names?: boolean } = {},
): readonly ReadTrace[] {
  return traceDirs(dir).map((each) => ({
    dir: each,
    trace: readTraceDir(each),
    more: {
      threads: threadNames(each),
      ...(events && {
        events: countEvents(each),
        titles: titlesOf(openTraceDir(each).schema.events, names),
      }),
    },
  }));
}

/** A line for each process, the events of all together if they were counted, and what each process was started with. */
export function processTable(dir: string, traces: readonly ReadTrace[]): string {
  const rows = [
    ["process", "threads", "packets", "records", "discarded", "bytes", "seconds"],
    ...traces.map(({ dir: path, trace: { summary } }) => {
      const { packets, records, discarded, bytes } = summary.total;
      const numbers = [summary.streams.length, packets, records, discarded, bytes].map(String);
      return [visible(basename(path)), ...numbers, span(summary.total)];
    }),
  ];
  const started = traces.map(({ dir: path, trace }) => {
    const { command, parent_process: parent = "?" } = trace.metadata.env;
    return command === undefined ? [] : [`  ${basename(path)}, by ${parent}: ${command}`];
  });
  const titles = new Map(traces.flatMap(({ more }) => [...(more.titles ?? [])]));
  const counts = new Map<string, number>();
  for (const [name, n] of traces.flatMap(({ more }) => [...(more.events ?? [])])) {
    counts.set(name, (counts.get(name) ?? 0) + n);
  }
  const counted = [...counts].sort(([a], [b]) => a.localeCompare(b, "en"));
  return [
    visible(dir),
    `  ${traces.length} processes`,
    "",
    ...columns(rows),
    "",
    ...started.flat().map(visible),
    ...(counted.length > 0
      ? [
          "",
          ...columns([
            ["event", "records"],
            ...counted.map(([name, n]) => [visible(titles.get(name) ?? name), String(n)]),
          ]),
        ]
      : []),
  ].join("\n");
}
