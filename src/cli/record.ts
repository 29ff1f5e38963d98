// tbuf record -o DIR -- node app.mjs: runs a Node program that knows nothing of tbuf and records it.

import { resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { BUFFER_BYTES_MAX, CPUS_MAX, FRAME_BYTES } from "../../assembly/public/layout.js";
import { TraceError } from "../errors.js";
import { parseSelection } from "../event/selection.js";
import type { TraceMode } from "../host/index.js";
import { freeDir, makeEmptyDir, removeDirs } from "../node/files/empty-dir.js";
import { dirModeOf } from "../node/files/process-dir.js";
import { removeTrace } from "../node/files/remove-trace.js";
import { PART_BYTES_MIN } from "../node/files/rotating-writer.js";
import { makeJournal } from "../node/record/journal.js";
import { hasRoom, MEMORY_BYTES_MAX, memoryFor } from "../node/record/memory-size.js";
import { type SourceSelection, sources } from "../node/sources/index.js";
import { parseSources } from "../node/sources/select.js";
import { OUTPUT } from "./output.js";
import { say } from "./printable.js";
import { report } from "./report.js";
import { type Config, runRecorded } from "./run-recorded.js";
import { addXentraceOptions, refusedOption } from "./xentrace-options.js";

interface Options {
  readonly output?: string;
  readonly force?: boolean;
  readonly sources: SourceSelection;
  readonly traceBufSize: number;
  readonly evtMask: string;
  readonly timeInterval: number;
  readonly pollSleep: number;
  readonly mode: TraceMode;
  readonly cpus: number;
  readonly fileMode: number;
  readonly children: boolean;
  readonly processes: number;
  readonly memoryBuffer?: number;
  readonly flightPause: number;
  readonly maxSize?: number;
  readonly maxFiles?: number;
  readonly cpuMask?: readonly number[];
  readonly reserveDiskSpace?: number;
  readonly dontDisableTracing?: boolean;
  readonly startDisabled?: boolean;
  readonly strict?: boolean;
  readonly quiet?: boolean;
}

const DEFAULT_DIR = "tbuf-trace";
/** Programs of Node's own that run others. */
const RUNNERS = /(^|[/])(npm|npx|yarn|pnpm|corepack)$/;
/** dom0's thread and the program's main thread. */
const CPUS_LEAST = 2;
/** Sub-buffers of a CPU's buffer. */
const SUBBUFS = 8;
/** Exit code of --strict, as that of `timeout` and `env` when they fail themselves. */
const STRICT_CODE = 125;
/** The longest time of Node's timers: 2^31 - 1 milliseconds. */
const TIMER_SECONDS_MAX = 2_147_483;

export function recordCommand(): Command {
  return addXentraceOptions(new Command("record"))
    .configureOutput(OUTPUT)
    .description("Run a Node program and record what its threads do, as a trace in a directory.")
    .usage("[options] -- <command> [args...]")
    .argument("<command...>", "the program and its arguments, after --")
    .option(
      "-o, --output <dir>",
      "directory for the trace, new or empty (default: tbuf-trace, or the first of tbuf-trace-2, ... that is)",
    )
    .option(
      "--force",
      "replace the trace that is in the directory, and nothing but a trace of tbuf",
    )
    .option(
      "-S, --trace-buf-size <pages>",
      "size of each thread's buffer, in pages of 4096 bytes; rounded up to a power of two",
      integerFrom(1, BUFFER_BYTES_MAX / FRAME_BYTES),
      1024,
    )
    .option(
      "-e, --evt-mask <events>",
      "events to record, separated by commas: all, a group (app), one event (app:request), " +
        "with * for any characters; or what xentrace takes: gen, sched, dom0op, hvm, mem, a mask (0x0002f000)",
      events,
      "all",
    )
    .option(
      "-T, --time-interval <seconds>",
      "stop recording after this time; 0: when the program ends",
      numberTo(TIMER_SECONDS_MAX),
      0,
    )
    .option(
      "-s, --poll-sleep <ms>",
      "milliseconds after which records are written although a buffer is not full",
      integerFrom(1, 3_600_000),
      100,
    )
    .addOption(
      new Option(
        "--mode <mode>",
        "what is lost when a buffer is full: new records (discard), or the oldest (overwrite)",
      )
        .choices(["discard", "overwrite"])
        .default("discard"),
    )
    .addOption(
      new Option(
        "-M, --memory-buffer <bytes>",
        "keep the newest bytes of each thread in memory (64k, 8M), and write a trace DIR/1, DIR/2, ... only when " +
          "something triggers that: see below",
      )
        .argParser(bytesFrom(32_768, BUFFER_BYTES_MAX))
        .conflicts(["traceBufSize", "mode", "maxSize"]),
    )
    .option(
      "--flight-pause <seconds>",
      "with -M: triggers in this time after a dump make no other one",
      numberTo(TIMER_SECONDS_MAX),
      10,
    )
    .option(
      "--max-size <bytes>",
      "begin a new trace DIR/1, DIR/2, ... when this one would have more bytes (10M, 1G)",
      bytesFrom(PART_BYTES_MIN, Number.MAX_SAFE_INTEGER),
    )
    .option(
      "--max-files <n>",
      "most of these traces, or dumps of -M, that are kept; oldest are removed (default: 8; with -M, all)",
      integerFrom(2, 1_000_000),
    )
    .option(
      "--cpus <n>",
      "most threads at a time; one of them is the recorder's own",
      integerFrom(CPUS_LEAST, CPUS_MAX),
      64,
    )
    .option(
      "--sources <list>",
      `sources of events, separated by commas: all, none, a name, or -name to leave one out; there are ${sources
        .map(({ name }) => name)
        .join(", ")}`,
      selectSources,
      {},
    )
    .option("-p, --pid <pid>", "not possible: see below", refusePid)
    .option("--no-children", "record only the first Node process, and not those that it starts")
    .option("--processes <n>", "most processes that are recorded", integerFrom(1, 65_536), 256)
    .addOption(
      new Option(
        "--file-mode <octal>",
        "permissions of the trace's files; a new directory can be entered by those who may read the files",
      )
        .argParser(fileMode)
        .default(0o600, "600"),
    )
    .option(
      "--strict",
      "exit with 125 instead of 0 if the recording failed, or a name in -e matched no event",
    )
    .option("-q, --quiet", "print no summary at the end")
    .passThroughOptions()
    .addHelpText(
      "after",
      `
The exit code is that of the program. It is 128 + n if signal n ended the program, 127 if there is no such
program, 126 if it cannot be run, and 125 if --strict found a fault and the program ended with 0.
Node processes that the program starts are recorded too, each with a trace of its own below the directory.
A process that runs already (-p, --pid) cannot be recorded: each of its threads must have joined the shared buffers
before its own code runs, and Node lets nobody but a debugger in afterwards. Start it with \`tbuf record\`, or let it
record itself: \`record\` and \`flightRecorder\` of \`tbuf/node\` begin and end while it runs.
With -M a dump is triggered by SIGUSR2 to tbuf record or to the program, an error that nobody catches, an exit
code other than 0, or snapshot() of tbuf/node. A SIGUSR2 that the program does not handle
does not end it then. If nothing triggers a dump, nothing is written.
SIGINT, SIGTERM and SIGHUP are passed on to the program. The trace is complete all the same.

Examples:
  tbuf record -o trace -- node app.mjs
  tbuf record -o trace -e app,sched -- node app.mjs --port 8080
  tbuf record -o trace --mode overwrite -S 64 -- node app.mjs
  babeltrace2 trace`,
    )
    .action(async (command: string[], options: Options) => {
      process.exitCode = await record(command, options);
    });
}

async function record(command: readonly string[], options: Options): Promise<number> {
  const output = options.output ?? (options.force ? DEFAULT_DIR : freeDir(DEFAULT_DIR));
  const dir = resolve(output);
  const config = configOf(dir, options);
  if (options.force) removeTrace(dir);
  // Refused before the program runs; the recorder makes sure again when it creates the files.
  const made = makeEmptyDir(dir, dirModeOf(options.fileMode));
  if (!options.children && RUNNERS.test(command[0] ?? "")) {
    say(
      `${command[0]} itself is recorded, and not the program that it runs; name that program instead`,
    );
  }
  makeJournal(dir);
  const outcome = await runRecorded(command, config);
  const complete = report(command, { ...options, dir, output }, outcome);
  removeDirs(made);
  return outcome.code === 0 && options.strict && !complete ? STRICT_CODE : outcome.code;
}

function configOf(dir: string, options: Options): Config {
  const { memoryBuffer, maxSize, maxFiles } = options;
  const refused = refusedOption(options);
  if (refused) throw new TraceError("bad-option", refused);
  const wanted = memoryBuffer ?? options.traceBufSize * FRAME_BYTES;
  const bufferBytes = 2 ** Math.ceil(Math.log2(wanted));
  if (!hasRoom(bufferBytes)) {
    throw new TraceError(
      "bad-option",
      `--trace-buf-size: ${bufferBytes / FRAME_BYTES} pages for each thread leave no room for two threads in ` +
        `${MEMORY_BYTES_MAX} bytes, the most memory there can be; ask for fewer pages`,
    );
  }
  if (maxSize !== undefined && maxSize < bufferBytes / SUBBUFS + PART_BYTES_MIN) {
    throw new TraceError(
      "bad-option",
      `--max-size: ${maxSize} bytes have no room for a part of a buffer, ${bufferBytes / SUBBUFS} bytes; ` +
        `ask for ${bufferBytes / SUBBUFS + PART_BYTES_MIN} or more, or for smaller buffers by -S`,
    );
  }
  return {
    dir,
    children: options.children,
    processes: options.processes,
    sources: options.sources,
    subbufBytes: bufferBytes / SUBBUFS,
    subbufCount: SUBBUFS,
    mode: memoryBuffer === undefined ? options.mode : "overwrite",
    flight:
      memoryBuffer === undefined ? undefined : { pauseMs: options.flightPause * 1000, maxFiles },
    rotation: maxSize === undefined ? undefined : { maxBytes: maxSize, maxFiles },
    events: options.evtMask,
    onlyCpus: options.cpuMask,
    reserveBytes: memoryBuffer === undefined ? (options.reserveDiskSpace ?? 0) * 2 ** 20 : 0,
    pollMs: options.pollSleep,
    seconds: options.timeInterval,
    cpus: options.cpus,
    memoryBytes: memoryFor(options.cpus, bufferBytes),
    fileMode: options.fileMode,
  };
}

function fileMode(text: string): number {
  // The recorder reads what it has written, at least for the summary.
  if (!/^0?[67][0-7][0-7]$/.test(text)) {
    throw new InvalidArgumentError("It must be three octal digits from 600 to 777.");
  }
  return Number.parseInt(text, 8);
}

/** A number of bytes, with K, M or G behind it perhaps, as xentrace takes it. */
function bytesFrom(min: number, max: number): (text: string) => number {
  return (text) => {
    const [, digits = "", unit = ""] = /^([0-9]+)([kmg]?)$/i.exec(text) ?? [];
    const value =
      digits === ""
        ? Number.NaN
        : Number(digits) * 1024 ** " kmg".indexOf(unit.toLowerCase() || " ");
    if (!(value >= min && value <= max)) {
      throw new InvalidArgumentError(`It must be from ${min} to ${max} bytes, such as 64k or 8M.`);
    }
    return value;
  };
}

function integerFrom(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = number(text);
    if (!(Number.isInteger(value) && value >= min && value <= max)) {
      throw new InvalidArgumentError(`It must be an integer from ${min} to ${max}.`);
    }
    return value;
  };
}

function numberTo(max: number): (text: string) => number {
  return (text) => {
    const value = number(text);
    if (!(value <= max)) throw new InvalidArgumentError(`It must be a number from 0 to ${max}.`);
    return value;
  };
}

/** NaN for what is no number without a sign. */
function number(text: string): number {
  return /^(0x[0-9a-f]+|[0-9]+(\.[0-9]+)?)$/i.test(text) ? Number(text) : Number.NaN;
}

function selectSources(text: string): SourceSelection {
  try {
    return parseSources(text);
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}.`);
  }
}

function refusePid(): never {
  throw new InvalidArgumentError(
    "A process that runs already cannot be recorded without its help: start it with `tbuf record`, or let it record " +
      "itself, by record() or flightRecorder() of tbuf/node.",
  );
}

function events(text: string): string {
  try {
    return parseSelection(text).text;
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}
