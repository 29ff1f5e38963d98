// tbuf info DIR: streams, packets, records, losses, time span.

import { Command } from "commander";
import type { CpuClock } from "../clock/clock.js";
import type { StreamSummary, Totals, TraceMetadata } from "../ctf/index.js";
import { recordedOn } from "../formats/fields.js";
import { visible } from "../formats/text.js";
import { utc } from "../formats/time.js";
import type { TornTail } from "../node/files/torn-tail.js";
import type { TraceDir } from "../node/files/trace-dir.js";
import { columns, span } from "./columns.js";
import { namesOption } from "./names.js";
import { OUTPUT } from "./output.js";
import { print, say } from "./printable.js";
import { type More, processTable, type ReadTrace, readTraces } from "./processes.js";

export function infoCommand(): Command {
  return new Command("info")
    .configureOutput(OUTPUT)
    .description("Print what a trace contains: streams, packets, records, losses, time span.")
    .argument("<dir>", "trace directory, as `tbuf record` and `CtfWriter` write it")
    .option("--events", "also count the records of each event (reads the whole trace)")
    .addOption(namesOption())
    .option("--json", "as JSON; times are nanoseconds since the epoch, as text")
    .action((dir: string, options: { events?: boolean; json?: boolean; names?: boolean }) => {
      const traces = readTraces(dir, options);
      print(options.json ? json(traces) : textOf(dir, traces));
      const torn = traces.flatMap(({ trace }) => trace.torn);
      for (const tail of torn) say(tornLine(tail));
      if (torn.length > 0) process.exitCode = 1;
    });
}

/** The table of a trace, or of the processes of a recording. */
export function textOf(dir: string, traces: readonly ReadTrace[]): string {
  const [only, ...others] = traces;
  return only && others.length === 0
    ? table(dir, only.trace, only.more)
    : processTable(dir, traces);
}

function json(traces: readonly ReadTrace[]): string {
  const [only, ...others] = traces;
  const content =
    only && others.length === 0
      ? jsonOf(only)
      : { processes: traces.map((trace) => ({ dir: trace.dir, ...jsonOf(trace) })) };
  return JSON.stringify(content, null, 2);
}

/** That a stream ends within a packet, and how to make the trace one that all readers take. */
export function tornLine({ path, at, bytes }: TornTail): string {
  return visible(
    `${path}: packet at byte ${at}: truncated: only its first ${bytes} bytes are there, as when a program is ` +
      `killed while it writes; other readers need the file cut: truncate -s ${at} FILE`,
  );
}

export function table(dir: string, trace: TraceDir, more: More = {}): string {
  const { threads = new Map<number, readonly string[]>(), events, titles } = more;
  const { metadata, clocks, summary } = trace;
  const { env, clockOffsetNs } = metadata;
  const begin = summary.total.begin;
  const rows = [
    ["stream", "cpu", "packets", "records", "discarded", "bytes", "seconds", "thread"],
    ...summary.streams.map((stream) => {
      const names = threads.get(stream.cpu ?? -1) ?? [];
      return [...row(stream.name, String(stream.cpu ?? "-"), stream), shownThreads(names)];
    }),
    [...row("total", "", summary.total), ""],
  ];
  const lines = [
    visible(dir),
    visible(
      `  ${[recordedOn(env), tracerOf(env), `uuid ${metadata.uuid}`].filter(Boolean).join(", ")}`,
    ),
    ...(begin === undefined ? [] : [`  begins ${utc(clockOffsetNs + begin)}`]),
    ...clocks.filter(isNotable).map(clockLine),
    "",
    ...columns(rows),
  ];
  if (events) {
    const counted = Array.from(events, ([name, n]) => [visible(titles?.get(name) ?? name), `${n}`]);
    counted.sort(([a = ""], [b = ""]) => a.localeCompare(b, "en"));
    lines.push("", ...columns([["event", "records"], ...counted]));
  }
  return lines.join("\n");
}

/** The version of tbuf that wrote the trace, as far as the trace says so. */
function tracerOf({ tracer_major, tracer_minor, tracer_patchlevel }: TraceMetadata["env"]): string {
  const version = [tracer_major, tracer_minor, tracer_patchlevel];
  return version.some((part) => part === undefined) ? "tbuf" : `tbuf ${version.join(".")}`;
}

/** Nothing for precise clocks that all agree, as most traces have them. */
function isNotable({ clock, errorNs }: CpuClock): boolean {
  return clock !== "precise" || errorNs !== 0;
}

function clockLine({ cpu, clock, resolutionNs, errorNs }: CpuClock): string {
  const resolution = resolutionNs === 0 ? "unknown" : `${resolutionNs} ns`;
  const error = errorNs === undefined ? "unknown" : `up to ${errorNs} ns`;
  return `  cpu ${cpu}: ${clock} clock, resolution ${resolution}, error ${error}`;
}

function row(name: string, cpu: string, totals: StreamSummary | Totals): string[] {
  const { packets, records, discarded, bytes } = totals;
  return [visible(name), cpu, ...[packets, records, discarded, bytes].map(String), span(totals)];
}

/** Most names of threads that a line of the table shows of a CPU. */
const THREADS_SHOWN = 3;

function shownThreads(names: readonly string[]): string {
  const more = names.length > THREADS_SHOWN ? ", ..." : "";
  return visible(names.slice(0, THREADS_SHOWN).join(", ") + more);
}

function jsonOf({ trace, more: { threads, events } }: ReadTrace): object {
  const { metadata, clocks, summary, torn } = trace;
  const at = (ns: bigint | undefined) =>
    ns === undefined ? null : String(metadata.clockOffsetNs + ns);
  const totals = ({ packets, records, discarded, bytes, begin, end }: Totals) => ({
    packets,
    records,
    discarded,
    bytes,
    begin: at(begin),
    end: at(end),
  });
  const streams = summary.streams.map((stream) => ({
    name: stream.name,
    cpu: stream.cpu ?? null,
    threads: threads?.get(stream.cpu ?? -1) ?? [],
    ...totals(stream),
  }));
  const { uuid, env } = metadata;
  const counted = events && { events: Object.fromEntries(events) };
  const total = totals(summary.total);
  return { uuid, env, clocks, total, streams, torn, ...counted };
}
