// What the figures were measured on.

import { cpus, loadavg, totalmem } from "node:os";

/** `load`: runnable processes in the last minute. Above the number of CPUs, others were at work. */
export function machine() {
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cpus: cpus().length,
    memoryBytes: totalmem(),
    platform: `${process.platform} ${process.arch}`,
    load: loadavg()[0],
  };
}

export const runtime = { node: process.versions.node, v8: process.versions.v8 };
