// tbuf info DIR: streams, packets, records, losses, time span.

import { Command } from "commander";
import type { CpuClock } from "../clock/clock.js";
import type { StreamSummary, Totals, TraceMetadata } from "../ctf/index.js";
import { recordedOn } from "../formats/fields.js";
import { visible } from "../formats/text.js";
import { seconds, utc } from "../formats/time.js";
import type { TornTail } from "../node/files/torn-tail.js";
import { countEvents, readTraceDir, type TraceDir } from "../node/files/trace-dir.js";
import { OUTPUT } from "./output.js";
import { print, say } from "./printable.js";

export function infoCommand(): Command {
  return new Command("info")
    .configureOutput(OUTPUT)
    .description("Print what a trace contains: streams, packets, records, losses, time span.")
    .argument("<dir>", "trace directory, as `tbuf record` and `CtfWriter` write it")
    .option("--events", "also count the records of each event (reads the whole trace)")
    .option("--json", "as JSON; times are nanoseconds since the epoch, as text")
    .action((dir: string, options: { events?: boolean; json?: boolean }) => {
      const trace = readTraceDir(dir);
      const events = options.events ? countEvents(dir) : undefined;
      print(options.json ? json(trace, events) : table(dir, trace, events));
      for (const torn of trace.torn) say(tornLine(torn));
      if (trace.torn.length > 0) process.exitCode = 1;
    });
}

/** That a stream ends within a packet, and how to make the trace one that all readers take. */
export function tornLine({ path, at, bytes }: TornTail): string {
  return visible(
    `${path}: packet at byte ${at}: truncated: only its first ${bytes} bytes are there, as when a program is ` +
      `killed while it writes; other readers need the file cut: truncate -s ${at} FILE`,
  );
}

function span({ begin, end }: Totals): string {
  return begin === undefined || end === undefined ? "-" : seconds(end - begin);
}

export function table(dir: string, trace: TraceDir, events?: ReadonlyMap<string, number>): string {
  const { metadata, clocks, summary } = trace;
  const { env, clockOffsetNs } = metadata;
  const begin = summary.total.begin;
  const rows = [
    ["stream", "cpu", "packets", "records", "discarded", "bytes", "seconds"],
    ...summary.streams.map((stream) => row(stream.name, String(stream.cpu ?? "-"), stream)),
    row("total", "", summary.total),
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
    const counted = [...events].sort(([a], [b]) => a.localeCompare(b, "en"));
    const eventRows = [
      ["event", "records"],
      ...counted.map(([name, n]) => [visible(name), String(n)]),
    ];
    lines.push("", ...columns(eventRows));
  }
  return lines.join("\n");
}

/** The version of tbuf that wrote the trace, as far as the trace says so. */
function tracerOf({ tracer_major, tracer_minor, tracer_patchlevel }: TraceMetadata["env"]): string {
  const version = [tracer_major, tracer_minor, tracer_patchlevel];
  return version.some((part) => part === undefined) ? "tbuf" : `tbuf ${version.join(".")}`;
}

/** The clocks of most traces are what everybody expects: precise, and all the same one. */
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

/** Pads columns: the first to the left, numbers to the right. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((r) => r[i]?.length ?? 0)));
  return rows.map((cells) =>
    cells
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join("  ")
      .replace(/^/, "  ")
      .trimEnd(),
  );
}

function json(
  { metadata, clocks, summary, torn }: TraceDir,
  events?: ReadonlyMap<string, number>,
): string {
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
    ...totals(stream),
  }));
  const { uuid, env } = metadata;
  const counted = events && { events: Object.fromEntries(events) };
  const total = totals(summary.total);
  return JSON.stringify({ uuid, env, clocks, total, streams, torn, ...counted }, null, 2);
}
