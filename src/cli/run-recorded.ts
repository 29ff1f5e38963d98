// Running the program with the preload in it, and passing signals on so that the trace is whole.

import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import type { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import { lineSplitter } from "../node/lines.js";
import { recordVariables } from "../node/record/child-environment.js";
import type { RecordConfig, Report } from "../node/record/config.js";
import { readJournal } from "../node/record/journal.js";
import { systemErrorText } from "../node/system-error.js";
import { Recordings } from "./recordings.js";

export interface Outcome {
  /** Exit code for `tbuf record`. */
  readonly code: number;
  /** Why the program could not be started. */
  readonly notFound: string | undefined;
  /** What its processes have told. */
  readonly recordings: Recordings;
}

/** What is the same in all processes of a recording. */
export type Config = Omit<RecordConfig, "fd" | "nodeOptions" | "parent">;

/** How long the recorder may take to answer before a signal is passed on without it. */
const ANSWER_MS = 2000;
/** A program that would have died of a signal, but is too busy to, is killed after this. */
const KILL_MS = 500;
/** The pipe's number in the program: the first after stdin, stdout and stderr. */
const PIPE_FD = 3;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;

/** Runs a command to its end. */
export function runRecorded(command: readonly string[], config: Config): Promise<Outcome> {
  const [file = "", ...args] = command;
  const child = spawn(file, args, {
    stdio: ["inherit", "inherit", "inherit", "pipe"],
    env: environment(config),
  });
  const recording = new Recording(child, config.dir, config.flight !== undefined);
  return new Promise((settle) => {
    child.on("error", (error: NodeJS.ErrnoException) => {
      const missing = error.code === "ENOENT";
      recording.close();
      settle(recording.outcome(missing ? NOT_FOUND : NOT_EXECUTABLE, describe(error)));
    });
    child.on("close", (code, signal) => {
      recording.close();
      settle(recording.outcome(code ?? 128 + (signal ? constants.signals[signal] : 0)));
    });
  });
}

function describe(error: NodeJS.ErrnoException): string {
  return error.code === "ENOENT" ? "no such program" : systemErrorText(error);
}

/** NODE_OPTIONS brings the preload into the program, whatever starts it. */
function environment(config: Config): NodeJS.ProcessEnv {
  const preload = fileURLToPath(new URL("../../preload.cjs", import.meta.url));
  const ours = { fd: PIPE_FD, parent: null };
  return { ...process.env, ...recordVariables(config, preload, process.env.NODE_OPTIONS, ours) };
}

/** What is known of a running program and its recorder, and what is done about signals. */
class Recording {
  readonly #child: ChildProcess;
  readonly #pipe: Duplex;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #recordings = new Recordings();
  readonly #dir: string;
  #signals = 0;

  constructor(child: ChildProcess, dir: string, flight: boolean) {
    this.#child = child;
    this.#dir = dir;
    this.#pipe = child.stdio[PIPE_FD] as Duplex;
    this.#pipe.setEncoding("utf8");
    this.#pipe.on(
      "data",
      lineSplitter((line) => this.#handle(JSON.parse(line) as Report)),
    );
    // A program that is gone cannot be written to: its end is told by `close` of the child.
    this.#pipe.on("error", () => {});
    for (const signal of SIGNALS) process.on(signal, this.#onSignal);
    if (flight) process.on("SIGUSR2", this.#onDump);
  }

  close(): void {
    for (const signal of SIGNALS) process.removeListener(signal, this.#onSignal);
    process.removeListener("SIGUSR2", this.#onDump);
    for (const timer of this.#timers) clearTimeout(timer);
    this.#pipe.destroy();
  }

  outcome(code: number, notFound?: string): Outcome {
    for (const report of readJournal(this.#dir).reports) this.#recordings.take(report);
    return { code, notFound, recordings: this.#recordings };
  }

  /** The recorder dumps, whatever the program's main thread does. */
  readonly #onDump = (): void => {
    if (this.#isRecording) this.#pipe.write("SIGUSR2\n");
  };

  readonly #onSignal = (signal: NodeJS.Signals): void => {
    // Who asks twice wants it to end, whatever becomes of the trace.
    if (++this.#signals > 1) this.#child.kill("SIGKILL");
    else if (!this.#isRecording) this.#passOn(signal);
    else {
      this.#pipe.write(`${signal}\n`);
      this.#later(ANSWER_MS, () => this.#passOn(signal));
    }
  };

  /** The process at the pipe's end is recorded now. */
  get #isRecording(): boolean {
    const { first } = this.#recordings;
    return first !== undefined && first.finished === undefined;
  }

  #handle(report: Report): void {
    this.#recordings.take(report);
    if (report.type !== "signal") return;
    this.#clearTimers();
    this.#passOn(report.signal as NodeJS.Signals);
    // The signal would have ended the program, but the tracer's handler may wait for a busy loop.
    if (report.by === "recorder") this.#later(KILL_MS, () => this.#child.kill("SIGKILL"));
  }

  #passOn(signal: NodeJS.Signals): void {
    // A terminal sends SIGINT to the whole foreground group: the program has it already.
    if (signal === "SIGINT" && process.stdin.isTTY) return;
    this.#child.kill(signal);
  }

  #later(ms: number, action: () => void): void {
    this.#timers.add(setTimeout(action, ms));
  }

  #clearTimers(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}
