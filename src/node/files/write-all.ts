// Writing to a file so that it never holds half of what was to be written.

import { ftruncateSync, writevSync } from "node:fs";

/**
 * Appends the parts to a file that holds `before` bytes, all of them or nothing: after a failure (full
 * disk, a quota, an I/O error) the file is cut back to those, and the error is thrown.
 */
export function appendWhole(fd: number, before: number, parts: readonly Uint8Array[]): void {
  try {
    let left = 0;
    for (const part of parts) left += part.length;
    for (let rest = parts; left > 0; ) {
      // A write may take less than it was given, for instance just before the disk is full.
      const written = writevSync(fd, rest);
      if (written === 0) throw new Error("nothing was written");
      left -= written;
      if (left > 0) rest = without(rest, written);
    }
  } catch (error) {
    cutBack(fd, before);
    throw error;
  }
}

/** The failure to write is what the caller must hear of, also where the file cannot be cut back. */
function cutBack(fd: number, size: number): void {
  try {
    ftruncateSync(fd, size);
  } catch {
    // A reader says where the last whole packet ends.
  }
}

/** What is left of the parts after their first `bytes` bytes. */
function without(parts: readonly Uint8Array[], bytes: number): Uint8Array[] {
  const rest: Uint8Array[] = [];
  let skip = bytes;
  for (const part of parts) {
    if (skip < part.length) rest.push(skip === 0 ? part : part.subarray(skip));
    skip = Math.max(0, skip - part.length);
  }
  return rest;
}
