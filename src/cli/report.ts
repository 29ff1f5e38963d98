// What `tbuf record` says at the end: how the recording went, and what it holds. Whatever is wrong with the trace
// by then is told, and is no reason to lose the program's exit code.

import { constants } from "node:os";
import { basename } from "node:path";
import { TraceError } from "../errors.js";
import { visible } from "../formats/text.js";
import { LABELS_FULL_TEXT } from "../host/label-texts.js";
import type { TornTail } from "../node/files/torn-tail.js";
import { readTraceDir } from "../node/files/trace-dir.js";
import { traceDirs } from "../node/files/trace-tree.js";
import { finishRecording, isOver } from "./finish-recording.js";
import { textOf, tornLine } from "./info.js";
import { say } from "./printable.js";
import { readTraces } from "./processes.js";
import type { RecordedProcess, Recordings } from "./recordings.js";
import type { Outcome } from "./run-recorded.js";

interface Options {
  /** Absolute path of the recording's directory. */
  readonly dir: string;
  /** As the user wrote it. */
  readonly output: string;
  readonly children: boolean;
  readonly processes: number;
  readonly quiet?: boolean;
}

/** Tells how it went. False when what was recorded is not what was asked for. */
export function report(command: readonly string[], options: Options, outcome: Outcome): boolean {
  const { code, recordings } = outcome;
  const { first, processes } = recordings;
  let torn: readonly TornTail[] = [];
  // Before the directory is looked into: it may be made another by that.
  const running = processes.filter((process) => process.dir !== undefined && !isOver(process));
  told(() => {
    torn = finishRecording(options.dir, options.children, recordings);
  });
  const failures = failuresOf(options, recordings);
  if (outcome.notFound) say(visible(`cannot run ${command[0]}: ${outcome.notFound}`));
  else if (failures.length > 0) {
    for (const failure of failures) say(visible(`recording failed: ${failure}`));
  } else if (!first) return reportUnheard(command[0] ?? "", options, code);
  reportUnrecorded(options, recordings);
  const unmatched = unmatchedIn(recordings);
  if (unmatched.length > 0) say(visible(`no event is called ${unmatched.join(", ")}`));
  for (const process of processes) reportEnd(process, code, recordings);
  if (options.children) {
    for (const process of running) {
      if (process !== first) say(visible(`${nameOf(process)} runs on, and is recorded on`));
    }
  }
  for (const tail of torn) say(cutLine(tail));
  for (const warning of recordings.warnings) say(visible(warning));
  if (reportDumps(processes) === 0) return failures.length === 0 && unmatched.length === 0;
  if (first && !options.quiet) summarize(options);
  return first !== undefined && failures.length === 0 && unmatched.length === 0;
}

/**
 * Says what a flight recorder has written.
 * @returns the number of its dumps; undefined: there was none, or it was killed
 */
function reportDumps(processes: readonly RecordedProcess[]): number | undefined {
  const dumps = processes.flatMap(({ finished }) => finished?.dumps ?? []);
  if (dumps.length === 0) return undefined;
  const sum = dumps.reduce((all, count) => all + count, 0);
  if (sum === 0) say("nothing triggered a dump of the flight recorder, so nothing was written");
  else say(`dumps of the flight recorder: ${sum}`);
  return sum;
}

const nameOf = ({ pid, name }: RecordedProcess): string => `process ${pid} (${name})`;

/** Why recordings failed, each reason once. What those failed at that were not to be recorded does not count. */
function failuresOf({ children }: Options, { first, processes }: Recordings): readonly string[] {
  const failed = processes.filter(({ failure }) => failure !== undefined);
  const counted = children || !first ? failed : failed.filter((process) => process === first);
  const reasons = new Set(counted.map(({ failure }) => failure ?? ""));
  // Without the first there is one reason why there is no trace.
  return first ? [...reasons] : [...reasons].slice(0, 1);
}

/** Parts of the selection that no event of any process matched, as far as they have told. */
function unmatchedIn({ processes }: Recordings): readonly string[] {
  const lists = processes.flatMap(({ finished }) => (finished ? [finished.unmatched] : []));
  return (lists[0] ?? []).filter((name) => lists.every((list) => list.includes(name)));
}

function reportUnrecorded(options: Options, { processes, unrecorded }: Recordings): void {
  if (!options.children && processes.length > 1) {
    say("more than one Node process ran, and only the first was recorded");
  }
  const children = unrecorded.get("children") ?? [];
  if (children.length > 0) {
    const what = countOf(children, "Node process that the program started was", "were");
    say(visible(`${what} not recorded, by --no-children: ${some(children)}`));
  }
  const further = unrecorded.get("processes") ?? [];
  if (further.length > 0) {
    const what = countOf(further, "more Node process was", "were");
    say(
      visible(
        `${what} not recorded, since --processes allows ${options.processes}: ${some(further)}`,
      ),
    );
  }
}

function countOf({ length }: readonly unknown[], one: string, verb: string): string {
  const many = one.replace("process", "processes").replace(/was$/, verb);
  return `${length} ${length === 1 ? one : many}`;
}

/** The names, each once, and not more than a line has room for. */
function some(names: readonly string[]): string {
  const different = [...new Set(names)];
  const more = different.length > NAMES_MAX ? ", ..." : "";
  return different.slice(0, NAMES_MAX).join(", ") + more;
}

const NAMES_MAX = 5;

/** How a process's recording ended, if not as it should. */
function reportEnd(process: RecordedProcess, code: number, { first, processes }: Recordings): void {
  const { dir, finished, failure } = process;
  if (dir === undefined) return;
  const who = processes.length > 1 ? `${nameOf(process)}: ` : "";
  if (!finished && failure === undefined && (process === first || isOver(process))) {
    const end =
      process === first ? endOf(code) : `${nameOf(process)} ended before its recording did`;
    say(visible(`${end}: its last records, since the last poll, may not be in the trace`));
  }
  if (finished?.unanswered) {
    say(
      visible(
        `${who}a thread was blocked or busy when the recording ended; its records up to then are in the trace`,
      ),
    );
  }
  if (finished && finished.corrupt.length > 0) {
    say(
      visible(
        `${who}buffers that cannot be read, because their memory was overwritten: of CPUs ` +
          finished.corrupt.join(", "),
      ),
    );
  }
  if (finished && finished.labelsFull > 0) {
    say(visible(`${who}labels shown as "${LABELS_FULL_TEXT}": ${finished.labelsFull}`));
  }
}

/** Of the processes of the command, none has told anything. */
function reportUnheard(file: string, options: Options, code: number): boolean {
  if (hasRecords(options.dir)) {
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

/** Whether there is a trace that holds records. */
function hasRecords(dir: string): boolean {
  try {
    return traceDirs(dir).some((each) => readTraceDir(each).summary.total.records > 0);
  } catch (error) {
    if (error instanceof TraceError) return false;
    throw error;
  }
}

function summarize({ dir, output }: Options): void {
  told(() => {
    const traces = readTraces(dir);
    say(textOf(output, traces));
    for (const { trace } of traces) for (const torn of trace.torn) say(tornLine(torn));
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

function cutLine({ path, at, bytes }: TornTail): string {
  const left = at === 0 ? "removed" : `cut back to ${at} bytes`;
  return visible(`${path}: its end was torn by that and is not in: ${bytes} bytes, ${left}`);
}
