// Removing an old trace: of a directory that holds a trace of tbuf and nothing else.

import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  unlinkSync,
} from "node:fs";
import { basename, join } from "node:path";
import { checkMetadata } from "../../ctf/index.js";
import { TraceError } from "../../errors.js";
import { packetBegin } from "./cut-torn.js";
import { JOURNAL_NAME } from "./empty-dir.js";
import { attempt } from "./output-error.js";
import { pidOf } from "./process-dir.js";
import { readAt } from "./read-at.js";

/** What is to be removed: files, and then directories, the inner ones first. */
interface Found {
  readonly files: string[];
  readonly dirs: string[];
}

/**
 * Empties a directory that holds a trace of tbuf, or those of several processes. One that does not exist, or is empty,
 * stays as it is. Throws TraceError `output` naming what is in it that is none of a trace's files; nothing is removed
 * then.
 */
export function removeTrace(dir: string): void {
  if (!existsSync(dir)) return;
  const { files, dirs } = filesOf(dir);
  for (const path of files) attempt(`remove ${path}`, () => unlinkSync(path));
  for (const path of dirs) attempt(`remove ${path}`, () => rmdirSync(path));
}

function filesOf(dir: string): Found {
  const entries = attempt(`read ${dir}`, () => readdirSync(dir, { withFileTypes: true }));
  const begin = entries.some(({ name }) => name === "metadata") ? beginOf(dir) : undefined;
  const found: Found = { files: [], dirs: [] };
  for (const entry of entries) {
    const path = join(dir, entry.name);
    if (entry.isDirectory() && isPart(entry.name)) {
      const inner = filesOf(path);
      found.files.push(...inner.files);
      found.dirs.push(...inner.dirs, path);
    } else if (entry.isFile() && isOwn(path, begin)) found.files.push(path);
    else {
      throw new TraceError(
        "output",
        `${path} is no file of a trace, so ${dir} is not replaced; name another directory`,
      );
    }
  }
  return found;
}

/** Directory of a process, or one of several dumps or parts. */
const isPart = (name: string): boolean => pidOf(name) !== undefined || /^[0-9]+$/.test(name);

function isOwn(path: string, begin: Uint8Array | undefined): boolean {
  const name = basename(path);
  if (name === JOURNAL_NAME || name === "metadata") return true;
  if (!begin || !/_\d+$/.test(name)) return false;
  const fd = attempt(`open ${path}`, () => openSync(path, "r"));
  let there: Uint8Array;
  try {
    there = readAt(fd, 0, begin.length);
  } finally {
    closeSync(fd);
  }
  // One that a kill has left in part begins like the others.
  return there.every((byte, i) => byte === begin[i]);
}

/** What each stream of the trace begins with. */
function beginOf(dir: string): Uint8Array {
  const path = join(dir, "metadata");
  const text = attempt(`read ${path}`, () => readFileSync(path, "utf8"));
  let uuid: string;
  try {
    ({ uuid } = checkMetadata(text));
  } catch {
    throw new TraceError(
      "output",
      `${path} is not the metadata of a trace of tbuf; name another directory`,
    );
  }
  return packetBegin(uuid);
}
