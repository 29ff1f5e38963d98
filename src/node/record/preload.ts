// What `tbuf record` loads into the traced program, in each of its threads, before the program's own
// code: bundled to dist/preload.cjs, loaded by `node --require`. It must not fail: a program that
// cannot be traced runs untraced, and says so.

import { existsSync, writeSync } from "node:fs";
import { join } from "node:path";
import {
  getEnvironmentData,
  isMainThread,
  setEnvironmentData,
  threadId,
} from "node:worker_threads";
import { markObserved } from "../../cpu/current.js";
import type { HypervisorHandle } from "../../cpu/member.js";
import { type Disposable, disposable } from "../../dispose.js";
import type { TraceError } from "../../errors.js";
import { Hypervisor } from "../../hypervisor.js";
import { makeProcessDir } from "../files/process-dir.js";
import { openContext } from "../sources/context.js";
import { installSources } from "../sources/index.js";
import { attachThread } from "../threads/attach.js";
import { RecordChannel } from "./channel.js";
import { takeConfig } from "./child-environment.js";
import {
  CONFIG_KEY,
  HANDLE_KEY,
  type RecordConfig,
  type RecorderMessage,
  WORDS_KEY,
} from "./config.js";
import { FLIGHT_EXIT, FLIGHT_KEY, type FlightWords } from "./flight-config.js";
import { installTriggers } from "./flight-triggers.js";
import { withoutRequire } from "./node-options.js";
import { preloadChildren } from "./preload-children.js";
import { preloadWorkers } from "./preload-workers.js";
import { processEnv, programName } from "./process-env.js";
import { startRecorder } from "./recorder.js";
import { finishOnSignals } from "./signals.js";
import { isFinished, whenFinished } from "./until-finished.js";

/** What this thread tells `tbuf record` by: the main thread's pipe until its recorder has it, or the journal. */
let channel: RecordChannel | undefined;
/** Another recorded process has started this one. */
let isChild = false;

declare const __dirname: string;
declare const __filename: string;

/** By `tbuf record` if that hears it, else by stderr itself, unless a parent reads that. */
function complain(error: unknown): void {
  const { code, message = String(error) } = error as Partial<TraceError>;
  const text = `${message}${HINTS[code ?? ""] ?? ""}`;
  if (channel?.tell({ type: "failed", message: text }) || isChild) return;
  try {
    writeSync(2, `tbuf: thread ${threadId} is not recorded: ${text}\n`);
  } catch {
    // Nobody reads it: the program goes on.
  }
}

/** What can be done about an error, by its code. */
const HINTS: Readonly<Record<string, string>> = {
  "no-cpu": " (tbuf record --cpus allows more)",
  unsupported:
    "; where the address space is limited (ulimit -v), NODE_OPTIONS=--disable-wasm-trap-handler makes Node " +
    "reserve some 10 GB less, and -S and --cpus ask for fewer bytes",
};

/** A worker with options of its own was given the preload by them: see preload-workers.ts. */
function cleanOptions(): void {
  const { NODE_OPTIONS: options } = process.env;
  const before = options && withoutRequire(options, __filename);
  if (before === undefined) delete process.env.NODE_OPTIONS;
  else if (before !== options) process.env.NODE_OPTIONS = before;
  const { execArgv } = process;
  if (execArgv.at(-1) === __filename && execArgv.at(-2) === "--require") execArgv.splice(-2);
}

function tell(message: RecorderMessage): void {
  channel?.tell(message);
}

/** A flight recorder dumps at the end of a program that fails. */
function noteExit(code: number): void {
  const words = getEnvironmentData(FLIGHT_KEY) as unknown as FlightWords | undefined;
  if (words) Atomics.store(words, FLIGHT_EXIT, code);
}

/**
 * What every thread does, once its hypervisor is there. `ended` runs when it is no CPU any more.
 * @returns what undoes it
 */
function traceThisThread(
  hypervisor: Hypervisor,
  config: RecordConfig,
  ended: () => void,
): Disposable {
  markObserved();
  const context = openContext(hypervisor, (_code, message) => tell({ type: "warning", message }));
  const placed: Disposable[] = [context, preloadWorkers(__filename)];
  placed.push(
    preloadChildren(__filename, config, (name) =>
      tell({ type: "unrecorded", name, why: "children" }),
    ),
  );
  // Before any source asks: after the last record of each.
  context.onEnd((code) => {
    if (isMainThread) noteExit(code);
    try {
      hypervisor.close();
    } finally {
      ended();
    }
  });
  attachThread(hypervisor);
  const flightWords = getEnvironmentData(FLIGHT_KEY) as unknown as FlightWords | undefined;
  if (flightWords) placed.push(installTriggers(hypervisor, flightWords));
  placed.push(installSources(context, config.sources));
  return disposable(() => {
    for (const each of placed.reverse()) each.dispose();
    hypervisor.close();
  });
}

/** When the recording ends before the program, nothing of it is left in this thread. */
function undoWhenFinished(words: Int32Array, placed: readonly Disposable[]): void {
  whenFinished(words, () => {
    try {
      for (const each of placed) each.dispose();
      for (const key of [HANDLE_KEY, CONFIG_KEY, FLIGHT_KEY]) setEnvironmentData(key, undefined);
    } catch (error) {
      complain(error);
    }
  });
}

function preloadWorker(): void {
  cleanOptions();
  const handle = getEnvironmentData(HANDLE_KEY) as unknown as HypervisorHandle | undefined;
  const words = getEnvironmentData(WORDS_KEY) as unknown as Int32Array | undefined;
  // A thread may start others before it knows that the recording has ended.
  if (!handle || !words || isFinished(words)) return;
  const config = getEnvironmentData(CONFIG_KEY) as unknown as RecordConfig;
  // Not by the pipe: its number may be somebody else's by now.
  channel = new RecordChannel(-1, config.dir);
  isChild = config.parent !== null;
  undoWhenFinished(words, [traceThisThread(Hypervisor.join(handle), config, () => {})]);
}

/** The directory of this process's trace; undefined when it cannot have one any more. */
function traceDir({ children, dir, processes, fileMode }: RecordConfig): string | undefined {
  if (!children) return dir;
  // `tbuf record` has ended, and what it has left is a trace itself.
  if (existsSync(join(dir, "metadata"))) return undefined;
  const program = programName();
  const name = makeProcessDir(dir, { pid: process.pid, program, fileMode, max: processes });
  if (name === undefined) tell({ type: "unrecorded", name: program, why: "processes" });
  return name && join(dir, name);
}

function preload(): void {
  if (!isMainThread) {
    preloadWorker();
    return;
  }
  const config = takeConfig(__filename);
  if (!config) return;
  isChild = config.parent !== null;
  channel = new RecordChannel(config.fd, config.dir);
  const dir = traceDir(config);
  if (dir === undefined) return;
  const env = processEnv(config.mode);
  const wanted = { ...config, dir, fd: channel.fd };
  const recorder = startRecorder(wanted, __dirname, complain, env, (message) =>
    tell({ type: "warning", message }),
  );
  if (!recorder) return;
  const { hypervisor, words, flightWords, finish } = recorder;
  if (config.flight) setEnvironmentData(FLIGHT_KEY, flightWords as never);
  setEnvironmentData(HANDLE_KEY, hypervisor.handle() as never);
  setEnvironmentData(CONFIG_KEY, config as never);
  setEnvironmentData(WORDS_KEY, words as never);
  const signals = finishOnSignals(words, () => {
    hypervisor.close();
    finish();
  });
  undoWhenFinished(words, [traceThisThread(hypervisor, config, finish), signals]);
}

try {
  preload();
} catch (error) {
  complain(error);
}
