// Free space that a recording leaves on its disk.

import { statfsSync } from "node:fs";
import { TraceError } from "../../errors.js";

/** Throws TraceError `output` when `bytes` more would leave fewer than `reserveBytes` free where `dir` is; 0: never. */
export function checkDiskSpace(dir: string, bytes: number, reserveBytes: number): void {
  if (reserveBytes === 0) return;
  const { bavail, bsize } = statfsSync(dir);
  const free = bavail * bsize;
  if (free - bytes >= reserveBytes) return;
  throw new TraceError(
    "output",
    `${dir}: ${free} bytes are free, and ${reserveBytes} are to stay free (--reserve-disk-space)`,
  );
}
