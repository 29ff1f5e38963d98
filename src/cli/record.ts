// tbuf record -o DIR -- node app.mjs: runs a Node program that knows nothing of tbuf and records it.

import { resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { BUFFER_BYTES_MAX, CPUS_MAX, FRAME_BYTES } from "../../assembly/public/layout.js";
import { TraceError } from "../errors.js";
import { parseSelection } from "../event/selection.js";
import type { TraceMode } from "../host/index.js";
import { makeEmptyDir, removeDirs } from "../node/files/empty-dir.js";
import type { RecordConfig } from "../node/record/config.js";
import { OUTPUT } from "./output.js";
import { say } from "./printable.js";
import { report } from "./report.js";
import { runRecorded } from "./run-recorded.js";

interface Options {
  readonly output: string;
  readonly traceBufSize: number;
  readonly evtMask: string;
  readonly timeInterval: number;
  readonly pollSleep: number;
  readonly mode: TraceMode;
  readonly cpus: number;
  readonly fileMode: number;
  readonly strict?: boolean;
  readonly quiet?: boolean;
}

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
  return new Command("record")
    .configureOutput(OUTPUT)
    .description("Run a Node program and record all its threads into a CTF trace.")
    .usage("[options] -- <command> [args...]")
    .argument("<command...>", "the program and its arguments, after --")
    .option("-o, --output <dir>", "trace directory: new, or empty", "tbuf-trace")
    .option(
      "-S, --trace-buf-size <pages>",
      "pages of 4096 bytes for each CPU's buffer, rounded up to a power of two",
      integerFrom(1, BUFFER_BYTES_MAX / FRAME_BYTES),
      2048,
    )
    .option(
      "-e, --evt-mask <events>",
      "events to record: all, gen, sched, dom0op, hvm, mem, a facility (app), an event " +
        "(app:request), * for any characters, a mask (0x0002f000); several with commas",
      events,
      "all",
    )
    .option(
      "-T, --time-interval <seconds>",
      "stop recording after this time",
      numberTo(TIMER_SECONDS_MAX),
      0,
    )
    .option(
      "-s, --poll-sleep <ms>",
      "milliseconds between two looks at buffers that are not full",
      integerFrom(1, 3_600_000),
      100,
    )
    .addOption(
      new Option(
        "--mode <mode>",
        "what a full buffer loses: discard the newest, or overwrite the oldest",
      )
        .choices(["discard", "overwrite"])
        .default("discard"),
    )
    .option(
      "--cpus <n>",
      "most threads at a time, dom0's own included",
      integerFrom(CPUS_LEAST, CPUS_MAX),
      64,
    )
    .addOption(
      new Option(
        "--file-mode <octal>",
        "permissions of the trace's files; its directory, if it is made, also gets x where there is r",
      )
        .argParser(fileMode)
        .default(0o600, "600"),
    )
    .option(
      "--strict",
      "exit with 125 in place of 0 if part of the selection matched no event, or the recording failed",
    )
    .option("-q, --quiet", "no summary at the end")
    .passThroughOptions()
    .addHelpText(
      "after",
      `
The exit code is the program's: 128 + n if signal n ended it, 127 if there is no such program, 126
if it could not be run, 125 if it was 0 and --strict found a fault. Only the first Node process is
recorded: name the program itself, and not npm, npx or a script that runs it.
SIGINT, SIGTERM and SIGHUP end the recording with a whole trace and are passed on to the program.

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
  const dir = resolve(options.output);
  // Refused before the program runs; the recorder makes sure again when it creates the files.
  const made = makeEmptyDir(dir, dirModeOf(options.fileMode));
  if (RUNNERS.test(command[0] ?? "")) {
    say(`${command[0]} is itself the Node program that is recorded, not what it runs`);
  }
  const outcome = await runRecorded(command, configOf(dir, options));
  const complete = report(command, { ...options, dir }, outcome);
  removeDirs(made);
  return outcome.code === 0 && options.strict && !complete ? STRICT_CODE : outcome.code;
}

function configOf(dir: string, options: Options): Omit<RecordConfig, "fd" | "nodeOptions"> {
  const bufferBytes = 2 ** Math.ceil(Math.log2(options.traceBufSize)) * FRAME_BYTES;
  return {
    dir,
    subbufBytes: bufferBytes / SUBBUFS,
    subbufCount: SUBBUFS,
    mode: options.mode,
    events: options.evtMask,
    pollMs: options.pollSleep,
    seconds: options.timeInterval,
    cpus: options.cpus,
    memoryBytes: memoryFor(options.cpus, bufferBytes),
    fileMode: options.fileMode,
  };
}

const WASM_PAGE_BYTES = 65536;
const MEMORY_BYTES_MAX = 2 ** 31 - 2 * WASM_PAGE_BYTES;
/** Boot's tables, facility descriptions, and for each CPU its scratch area and control block. */
const FIXED_BYTES = 4 * 1024 * 1024;
const CPU_BYTES = 8 * FRAME_BYTES;

/** Memory for that many CPUs. Only what is used is backed by the operating system. */
function memoryFor(cpus: number, bufferBytes: number): number {
  // The frame table takes 16 bytes a frame; buffers are aligned to their size.
  const wanted = (FIXED_BYTES + bufferBytes + cpus * (bufferBytes + CPU_BYTES)) * (1 + 1 / 128);
  const bytes = Math.ceil(wanted / WASM_PAGE_BYTES) * WASM_PAGE_BYTES;
  if (2 * bufferBytes + FIXED_BYTES > MEMORY_BYTES_MAX) {
    throw new TraceError(
      "bad-option",
      `--trace-buf-size: pages=${bufferBytes / FRAME_BYTES} leaves no room for two CPUs in the ` +
        `${MEMORY_BYTES_MAX} bytes that a hypervisor can have`,
    );
  }
  return Math.min(bytes, MEMORY_BYTES_MAX);
}

/** A directory is used by those who may read what is in it. */
function dirModeOf(mode: number): number {
  return mode | ((mode & 0o444) >> 2);
}

function fileMode(text: string): number {
  // The recorder reads what it has written, at least for the summary.
  if (!/^0?[67][0-7][0-7]$/.test(text)) {
    throw new InvalidArgumentError("It must be three octal digits from 600 to 777.");
  }
  return Number.parseInt(text, 8);
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

function events(text: string): string {
  try {
    return parseSelection(text).text;
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}
