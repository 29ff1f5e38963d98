// What `tbuf record` does to a recording's directory when the command has ended: mends what a kill has torn, takes away
// what is empty, and makes the recording of one process a trace itself.

import { join } from "node:path";
import { cutTornTails } from "../node/files/cut-torn.js";
import { moveUp, pidOf, processDirs, removeIfEmpty } from "../node/files/process-dir.js";
import type { TornTail } from "../node/files/torn-tail.js";
import { traceDirs } from "../node/files/trace-tree.js";
import { TRACE_NAME } from "../node/record/config.js";
import { removeJournal } from "../node/record/journal.js";
import type { RecordedProcess, Recordings } from "./recordings.js";

/** What tells whether a process is over. */
interface Life {
  readonly pid: number | undefined;
  readonly finished?: RecordedProcess["finished"];
}

/** @returns what was cut off. Throws TraceError `output` */
export function finishRecording(
  dir: string,
  children: boolean,
  recordings: Recordings,
): readonly TornTail[] {
  removeJournal(dir);
  if (!children) {
    const { first } = recordings;
    return first && isOver(first) && !first.finished ? cutAll(dir) : [];
  }
  const byDir = new Map(recordings.processes.map((process) => [process.dir, process]));
  const torn: TornTail[] = [];
  for (const name of processDirs(dir)) {
    const path = join(dir, name);
    const process = (byDir.get(path) as Life | undefined) ?? { pid: pidOf(name) };
    if (process.finished || !isOver(process)) continue;
    torn.push(...cutAll(path));
    removeIfEmpty(path);
  }
  const [only, ...others] = processDirs(dir);
  if (only !== undefined && others.length === 0) {
    if (isOver(byDir.get(join(dir, only)) ?? { pid: pidOf(only) })) moveUp(dir, only);
  }
  return torn;
}

/** In the trace there, or in its parts. */
function cutAll(dir: string): TornTail[] {
  return traceDirs(dir).flatMap((each) => cutTornTails(each, TRACE_NAME));
}

/** Nobody writes the trace of this process any more: one that runs on in the background may. */
export function isOver({ pid, finished }: Life): boolean {
  if (finished) return true;
  try {
    return pid === undefined || !process.kill(pid, 0);
  } catch {
    return true;
  }
}
