// The file by which all processes of a recording can tell `tbuf record` something, also those that have no pipe to it:
// one JSON object a line. It is in the recording's directory while `tbuf record` runs.

import {
  closeSync,
  constants,
  openSync,
  readFileSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { JOURNAL_NAME } from "../files/empty-dir.js";
import type { RecorderMessage, Report } from "./config.js";

const pathOf = (dir: string): string => join(dir, JOURNAL_NAME);

/** Makes the journal of a recording. Throws what the file system throws. */
export function makeJournal(dir: string): void {
  writeFileSync(pathOf(dir), "", { mode: 0o600 });
}

/** Removes it, so that nobody writes to it any more. */
export function removeJournal(dir: string): void {
  try {
    unlinkSync(pathOf(dir));
  } catch {
    // It is gone, with the directory perhaps.
  }
}

/** Appends a message at once, whole. False when nobody will read it: `tbuf record` has ended. */
export function tellJournal(dir: string, message: RecorderMessage): boolean {
  const report: Report = { ...message, pid: process.pid };
  try {
    // Not made here: after the end of `tbuf record`, nothing may be left by those that go on.
    const fd = openSync(pathOf(dir), constants.O_WRONLY | constants.O_APPEND);
    try {
      writeSync(fd, `${JSON.stringify(report)}\n`);
    } finally {
      closeSync(fd);
    }
    return true;
  } catch {
    return false;
  }
}

/** What was told, from byte `from` of the journal on, and where the next reading begins. */
export function readJournal(dir: string, from = 0): { reports: Report[]; next: number } {
  let bytes: Buffer;
  try {
    bytes = readFileSync(pathOf(dir));
  } catch {
    return { reports: [], next: from };
  }
  // What follows the last line end is not whole yet.
  const next = Math.max(from, bytes.lastIndexOf(0x0a) + 1);
  const lines = bytes.toString("utf8", from, next).split("\n").slice(0, -1);
  return { reports: lines.flatMap(reportOf), next };
}

/** A line that a full disk has torn, or that somebody else wrote, says nothing. */
function reportOf(line: string): Report[] {
  try {
    const report = JSON.parse(line) as Report;
    return typeof report.pid === "number" ? [report] : [];
  } catch {
    return [];
  }
}
