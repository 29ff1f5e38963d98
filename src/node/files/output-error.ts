// What went wrong with an output file, as a TraceError.

import { TraceError } from "../../errors.js";

/** What `action` returns. Throws TraceError `output`: "cannot WHAT: ...". */
export function attempt<T>(what: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw outputError(what, error);
  }
}

export function outputError(what: string, cause: unknown): TraceError {
  const { code, message } = cause as NodeJS.ErrnoException;
  return new TraceError("output", `cannot ${what}: ${ERRNO[code ?? ""] ?? message}`, { cause });
}

const ERRNO: Readonly<Record<string, string>> = {
  EACCES: "permission denied (EACCES)",
  EDQUOT: "the disk quota is used up (EDQUOT)",
  EEXIST: "it exists already (EEXIST)",
  EFBIG: "the file would be too large (EFBIG)",
  ENOENT: "no such file or directory (ENOENT)",
  ENOSPC: "no space is left on the device (ENOSPC)",
  ENOTDIR: "a part of the path is not a directory (ENOTDIR)",
  EROFS: "the file system is read-only (EROFS)",
};
