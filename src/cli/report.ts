// What `tbuf record` says at the end: how the recording went, and what it holds. Whatever is wrong with the trace
// by then is told, and is no reason to lose the program's exit code.

import { constants } from "node:os";
import { basename } from "node:path";
import { TraceError } from "../errors.js";
import { visible } from "../formats/text.js";
import { cutTornTails } from "../node/files/cut-torn.js";
import { threadNames } from "../node/files/thread-names.js";
import type { TornTail } from "../node/files/torn-tail.js";
import { readTraceDir, type TraceDir } from "../node/files/trace-dir.js";
import { TRACE_NAME } from "../node/record/config.js";
import { table, tornLine } from "./info.js";
import { say } from "./printable.js";
import type { Outcome } from "./run-recorded.js";

interface Options {
  /** Absolute path of the trace directory. */
  readonly dir: string;
  /** As the user wrote it. */
  readonly output: string;
  readonly quiet?: boolean;
}

/** Tells how it went. False when what was recorded is not what was asked for. */
export function report(command: readonly string[], options: Options, outcome: Outcome): boolean {
  const [file = ""] = command;
  const { code, failure, pid, killed, unanswered, corrupt, unmatched = [] } = outcome;
  const started = pid !== undefined;
  if (outcome.notFound) say(visible(`cannot run ${file}: ${outcome.notFound}`));
  else if (failure !== undefined) say(visible(`recording failed: ${failure}`));
  else if (!started) return reportUnheard(file, options, code);
  if (outcome.furtherProcesses) {
    say("more than one Node process ran, and only the first was recorded");
  }
  if (unmatched.length > 0) say(visible(`no event is called ${unmatched.join(", ")}`));
  if (killed) {
    say(`${endOf(code)}: its last records, since the last poll, may not be in the trace`);
    // One that runs on in the background, and has closed its pipe to here, may be writing.
    if (!isAlive(pid))
      told(() => {
        for (const torn of cutTornTails(options.dir, TRACE_NAME)) say(cutLine(torn));
      });
  }
  if (unanswered) {
    say(
      "a thread was blocked or busy when the recording ended; its records up to then are in the trace",
    );
  }
  if (corrupt.length > 0)
    say(
      `buffers that cannot be read, because their memory was overwritten: of CPUs ${corrupt.join(", ")}`,
    );
  if (started && !options.quiet) summarize(options);
  return started && failure === undefined && unmatched.length === 0;
}

/** Of the processes of the command, none has told anything. */
function reportUnheard(file: string, options: Options, code: number): boolean {
  const trace = traceIn(options.dir);
  if (trace) {
    say("the program was recorded, but did not report how the recording ended");
    if (!options.quiet) summarize(options);
    return true;
  }
  const node = /^node(js)?(\.exe)?$/.test(basename(file));
  const hint = code === BAD_OPTION ? ": it does not accept one of its options" : "";
  const why = node
    ? `${file} ended with exit code ${code}, before it loaded tbuf${hint}`
    : `no process of ${file} loaded tbuf: it is not a Node program, or it ended too early`;
  say(visible(`nothing was recorded: ${why}`));
  return false;
}

/** Node's exit code for an option that it does not know. */
const BAD_OPTION = 9;

/** The trace, if there is one that holds records. */
function traceIn(dir: string): TraceDir | undefined {
  try {
    const trace = readTraceDir(dir);
    return trace.summary.total.records > 0 ? trace : undefined;
  } catch (error) {
    if (error instanceof TraceError) return undefined;
    throw error;
  }
}

function summarize({ dir, output }: Options): void {
  told(() => {
    const trace = readTraceDir(dir);
    say(table(output, trace, { threads: threadNames(dir) }));
    for (const torn of trace.torn) say(tornLine(torn));
  });
}

/** What goes wrong with the trace's files is told. */
function told(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof TraceError)) throw error;
    say(visible(error.message));
  }
}

/** How a program ended that did not end its recording. */
function endOf(code: number): string {
  const [signal] = Object.entries(constants.signals).find(([, n]) => code === 128 + n) ?? [];
  if (signal === undefined) {
    return `the program ended with code ${code} before its recording did, or has closed the recorder's pipe`;
  }
  // Node tells of a full heap by that and some last words on stderr, and nothing else of it runs any more.
  const hint = signal === "SIGABRT" ? ", as Node does when it is out of memory" : "";
  return `the program was killed by ${signal}${hint}`;
}

function isAlive(pid: number | undefined): boolean {
  try {
    return pid !== undefined && process.kill(pid, 0);
  } catch {
    return false;
  }
}

function cutLine({ path, at, bytes }: TornTail): string {
  const left = at === 0 ? "removed" : `cut back to ${at} bytes`;
  return visible(`${path}: its end was torn by that and is not in: ${bytes} bytes, ${left}`);
}
