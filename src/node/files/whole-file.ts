// Files that are there whole or not at all.

import {
  closeSync,
  fchmodSync,
  fsyncSync,
  lstatSync,
  openSync,
  realpathSync,
  renameSync,
  type Stats,
  statSync,
  unlinkSync,
} from "node:fs";
import { TraceError } from "../../errors.js";
import { attempt } from "./output-error.js";
import { appendWhole } from "./write-all.js";

/** Characters that are written at a time. */
const BATCH = 1 << 16;

const encoder = new TextEncoder();

/** The pieces, put together to some 64 Ki characters each: a write costs more than a piece. */
export function* batched(pieces: Iterable<string>): Generator<string, void, void> {
  let batch = "";
  for (const piece of pieces) {
    batch += piece;
    if (batch.length < BATCH) continue;
    yield batch;
    batch = "";
  }
  if (batch !== "") yield batch;
}

/** Throws TraceError `output` unless `path` can be a new file, or with `replace` one that is replaced. */
export function checkNewFile(path: string, replace: boolean): void {
  const found = statsOf(path, lstatSync);
  if (!found) return;
  if (!replace) throw new TraceError("output", `${path} exists; name a new file, or --force`);
  // A device or a directory is not to be replaced by a file, also where a link leads to it.
  if (!statsOf(path, statSync)?.isFile()) {
    throw new TraceError("output", `${path} exists and is no file that could be replaced`);
  }
}

/**
 * Writes the pieces to a file beside `path`, which gets that name when all are on the disk. Only its owner
 * can read a new file; one that is replaced keeps its permissions. Whatever fails, also in `pieces`, leaves
 * no file. Throws TraceError `output`.
 */
export function writeWhole(path: string, pieces: Iterable<string>, replace = false): void {
  checkNewFile(path, replace);
  const replaced = statsOf(path, statSync);
  const target = replaced ? realpathSync(path) : path;
  const part = `${target}.${process.pid}.part`;
  const fd = attempt(`create ${part}`, () => openSync(part, "wx", 0o600));
  try {
    try {
      if (replaced) attempt(`set the mode of ${part}`, () => fchmodSync(fd, replaced.mode & 0o777));
      let size = 0;
      for (const piece of batched(pieces)) {
        const bytes = encoder.encode(piece);
        attempt(`write ${bytes.length} bytes to ${part}`, () => appendWhole(fd, size, [bytes]));
        size += bytes.length;
      }
      attempt(`write ${part} to the disk`, () => fsyncSync(fd));
    } finally {
      closeSync(fd);
    }
    // Somebody may have made it meanwhile.
    checkNewFile(path, replace);
    attempt(`rename ${part} to ${path}`, () => renameSync(part, target));
  } catch (error) {
    unlinkSync(part);
    throw error;
  }
}

function statsOf(path: string, stat: (path: string) => Stats): Stats | undefined {
  try {
    return stat(path);
  } catch {
    return undefined;
  }
}
