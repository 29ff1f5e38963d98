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

const { versions } = process;

/** Deno and Bun also say which Node they are like: that is not what runs. */
export const runtime =
  "deno" in versions
    ? { name: "Deno", version: versions.deno }
    : "bun" in versions
      ? { name: "Bun", version: versions.bun }
      : { name: "Node", version: versions.node };
