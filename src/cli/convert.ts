// tbuf convert DIR --to text|chrome: a trace as other tools show it.

import { once } from "node:events";
import { realpathSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import type { TraceReader } from "../ctf/index.js";
import { TraceError } from "../errors.js";
import { type SlicePair, toChrome } from "../formats/chrome.js";
import { toText } from "../formats/text.js";
import type { TornTail } from "../node/files/torn-tail.js";
import { openTraces } from "../node/files/trace-forest.js";
import { batched, checkNewFile, writeWhole } from "../node/files/whole-file.js";
import { tornLine } from "./info.js";
import { namesOption } from "./names.js";
import { OUTPUT } from "./output.js";
import { say } from "./printable.js";

interface Options {
  readonly to: "text" | "chrome";
  readonly output?: string;
  readonly force?: boolean;
  readonly time?: "boot" | "utc" | "delta";
  readonly slice?: readonly SlicePair[];
  readonly names?: boolean;
}

export function convertCommand(): Command {
  return new Command("convert")
    .configureOutput(OUTPUT)
    .description("Turn a trace into what other tools show: text, or JSON for ui.perfetto.dev.")
    .argument("<dir>", "trace directory, as `tbuf record` and `CtfWriter` write it")
    .addOption(
      new Option("--to <format>", "what to turn it into")
        .choices(["text", "chrome"])
        .makeOptionMandatory(),
    )
    .option("-o, --output <file>", "a new file; standard output without it, or with -")
    .option("--force", "replace the file if it exists")
    .addOption(
      new Option(
        "--time <time>",
        "text: seconds since boot (the default), wall clock, or only the distances",
      ).choices(["boot", "utc", "delta"]),
    )
    .option(
      "--slice <begin,end[,field]>",
      "chrome: events that begin and end slices, and a field that tells them apart; may be given several times",
      slice,
    )
    .addOption(namesOption())
    .addHelpText(
      "after",
      `
Examples:
  tbuf convert trace --to text | less
  tbuf convert trace --to chrome -o trace.json
  tbuf convert trace --to chrome --slice app:begin,app:end -o trace.json
  tbuf convert trace --to chrome --slice http:request,http:response,id -o trace.json`,
    )
    .action(convert);
}

async function convert(dir: string, options: Options): Promise<void> {
  const { to, output, force = false, time, slice: slices = [], names = false } = options;
  if (time !== undefined && to !== "text") refuse("--time", "text", to);
  if (slices.length > 0 && to !== "chrome") refuse("--slice", "chrome", to);
  const torn: TornTail[] = [];
  const trace = openTraces(dir, { onTorn: (tail) => torn.push(tail) });
  warnOfUnknown(trace, slices);
  const pieces = to === "text" ? textOf(trace, time) : chromeOf(trace, slices, names);
  if (output === undefined || output === "-") await print(pieces);
  else {
    if (output === "") throw new TraceError("bad-option", '--output: "" is no name of a file');
    checkNewFile(output, force);
    checkOutside(output, dir);
    writeWhole(output, pieces, force);
  }
  for (const tail of torn) say(tornLine(tail));
  // What is whole was converted, and it is not all that was recorded.
  if (torn.length > 0) process.exitCode = 1;
}

function textOf(trace: TraceReader, time: Options["time"]): Generator<string> {
  const { clockOffsetNs } = trace.metadata;
  if (time === "utc") return toText(trace.entries(), { time, clockOffsetNs });
  return toText(trace.entries(), time === undefined ? {} : { time });
}

function chromeOf(
  trace: TraceReader,
  slices: readonly SlicePair[],
  names: boolean,
): Generator<string> {
  return toChrome(trace.entries(), {
    metadata: trace.metadata,
    slices,
    names,
    onAmbiguous: (begin, count) => {
      const pair = slices.find(([name]) => name === begin);
      say(
        `--slice ${pair?.join(",")}: ${count} slices could not be told apart, since ` +
          (pair?.[2] === undefined
            ? "one began on a thread that had one open; they are shown as instants. " +
              `Name a field that both events have: --slice ${pair?.join(",")},FIELD`
            : `${pair[2]} was the same in two that were open; name a field that tells them apart`),
      );
    },
  });
}

function warnOfUnknown({ schema }: TraceReader, slices: readonly SlicePair[]): void {
  const events = new Map(schema.events.map((event) => [event.name, event]));
  const unknown: string[] = [];
  for (const [begin, end, field] of slices) {
    for (const name of [begin, end]) {
      const event = events.get(name);
      if (!event) unknown.push(name);
      else if (field !== undefined && event.fields.every((each) => each.name !== field)) {
        say(`event ${name} has no field ${field}: its records are shown as instants`);
      }
    }
  }
  if (unknown.length > 0) say(`no event is called ${unknown.join(", ")}`);
}

async function print(pieces: Iterable<string>): Promise<void> {
  for (const piece of batched(pieces)) {
    if (!process.stdout.write(piece)) await once(process.stdout, "drain");
  }
}

/** Whatever lies in a trace's directory is a stream of it, for all readers. */
function checkOutside(output: string, dir: string): void {
  const folder = dirname(resolve(output));
  if (isSame(folder, dir)) {
    throw new TraceError(
      "output",
      `${output} would lie in the trace's directory, where it would be read as a stream`,
    );
  }
}

function isSame(a: string, b: string): boolean {
  try {
    return realpathSync(a) === realpathSync(b);
  } catch {
    return false;
  }
}

function refuse(option: string, format: string, to: string): never {
  throw new TraceError("bad-option", `${option} is for --to ${format}, not for --to ${to}`);
}

function slice(text: string, before: readonly SlicePair[] = []): readonly SlicePair[] {
  const [begin, end, field, ...more] = text.split(",");
  if (!begin || !end || field === "" || more.length > 0) {
    throw new InvalidArgumentError(
      "It must be two events with a comma between them, and perhaps a third part: a field.",
    );
  }
  return [...before, field === undefined ? [begin, end] : [begin, end, field]];
}
