// What `tbuf record` loads into the traced program, in each of its threads, before the program's own
// code: bundled to dist/preload.cjs, loaded by `node --require`. It must not fail: a program that
// cannot be traced runs untraced, and says so.

import { writeSync } from "node:fs";
import {
  getEnvironmentData,
  isMainThread,
  setEnvironmentData,
  threadId,
} from "node:worker_threads";
import { markObserved } from "../../cpu/current.js";
import type { HypervisorHandle } from "../../cpu/member.js";
import type { TraceError } from "../../errors.js";
import { Hypervisor } from "../../hypervisor.js";
import { openContext } from "../sources/context.js";
import { installSources } from "../sources/index.js";
import { attachThread } from "../threads/attach.js";
import { RecordChannel } from "./channel.js";
import { CONFIG_VARIABLE, HANDLE_KEY, type RecordConfig } from "./config.js";
import { withoutRequire } from "./node-options.js";
import { preloadWorkers } from "./preload-workers.js";
import { startRecorder } from "./recorder.js";
import { finishOnSignals } from "./signals.js";

/** The main thread's pipe to `tbuf record`, until its recorder has it. */
let channel: RecordChannel | undefined;

declare const __dirname: string;
declare const __filename: string;

/** By `tbuf record` if that hears it, else by stderr itself. */
function complain(error: unknown): void {
  const { code, message = String(error) } = error as Partial<TraceError>;
  const text = `${message}${HINTS[code ?? ""] ?? ""}`;
  if (channel?.tell({ type: "failed", message: text })) return;
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

/** Takes what is for this process out of the environment: its children are not to be recorded. */
function takeConfig(): RecordConfig | undefined {
  const json = process.env[CONFIG_VARIABLE];
  if (json === undefined) return undefined;
  const config = JSON.parse(json) as RecordConfig;
  delete process.env[CONFIG_VARIABLE];
  if (config.nodeOptions === null) delete process.env.NODE_OPTIONS;
  else process.env.NODE_OPTIONS = config.nodeOptions;
  return config;
}

/** A worker with an environment of its own was given the preload by it: see preload-workers.ts. */
function cleanEnvironment(): void {
  const { NODE_OPTIONS: options } = process.env;
  const before = options && withoutRequire(options, __filename);
  if (before === undefined) delete process.env.NODE_OPTIONS;
  else if (before !== options) process.env.NODE_OPTIONS = before;
}

/** What every thread does, once its hypervisor is there. `ended` runs when it is no CPU any more. */
function traceThisThread(hypervisor: Hypervisor, ended: () => void): void {
  markObserved();
  const context = openContext(hypervisor);
  preloadWorkers(__filename);
  // Before any source asks: after the last record of each.
  context.onEnd(() => {
    try {
      hypervisor.close();
    } finally {
      ended();
    }
  });
  attachThread(hypervisor);
  installSources(context);
}

function preload(): void {
  if (!isMainThread) {
    cleanEnvironment();
    const handle = getEnvironmentData(HANDLE_KEY) as unknown as HypervisorHandle | undefined;
    if (!handle) return;
    traceThisThread(Hypervisor.join(handle), () => {});
    return;
  }
  const config = takeConfig();
  if (!config) return;
  channel = new RecordChannel(config.fd);
  const recorder = startRecorder({ ...config, fd: channel.fd }, __dirname, complain);
  if (!recorder) return;
  const { hypervisor, words, finish } = recorder;
  setEnvironmentData(HANDLE_KEY, hypervisor.handle() as never);
  finishOnSignals(words, () => {
    hypervisor.close();
    finish();
  });
  traceThisThread(hypervisor, finish);
}

try {
  preload();
} catch (error) {
  complain(error);
}
