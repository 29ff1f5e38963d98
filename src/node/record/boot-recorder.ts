// Booting a recording's hypervisor with what memory there is: where it cannot be reserved, smaller buffers are tried.

import { FRAME_BYTES } from "../../../assembly/public/layout.js";
import { TraceError } from "../../errors.js";
import { Hypervisor } from "../../hypervisor.js";
import type { RecordConfig } from "./config.js";
import { memoryFor } from "./memory-size.js";

/** Buffers are not halved below this. */
const BUFFER_BYTES_LEAST = 256 * 1024;

/** What is recorded into, and by which sizes. */
export interface Booted {
  readonly hypervisor: Hypervisor;
  readonly config: RecordConfig;
}

/**
 * Boots with the sizes of `config`, or with half as large buffers as often as it takes.
 * @param warn is told of smaller buffers than those asked for
 * @param boot is called with sizes; `Hypervisor.boot`
 * Throws the TraceError of the first try when all fail.
 */
export function bootRecorder(
  config: RecordConfig,
  warn: (text: string) => void,
  boot = Hypervisor.boot,
): Booted {
  const { cpus, subbufCount } = config;
  let first: unknown;
  let tried = config;
  for (;;) {
    try {
      const hypervisor = boot({ memoryBytes: tried.memoryBytes, cpus });
      if (tried !== config) warn(smaller(config, tried));
      return { hypervisor, config: tried };
    } catch (error) {
      first ??= error;
      const bufferBytes = (tried.subbufBytes * subbufCount) / 2;
      const isShort = error instanceof TraceError && error.code === "unsupported";
      if (!isShort || bufferBytes < BUFFER_BYTES_LEAST) throw first;
      const memoryBytes = memoryFor(cpus, bufferBytes);
      tried = { ...tried, subbufBytes: bufferBytes / subbufCount, memoryBytes };
    }
  }
}

function smaller(wanted: RecordConfig, got: RecordConfig): string {
  const pages = ({ subbufBytes, subbufCount }: RecordConfig) =>
    (subbufBytes * subbufCount) / FRAME_BYTES;
  return (
    `no room for ${wanted.memoryBytes} bytes of memory: each thread's buffer has ${pages(got)} pages instead of ` +
    `${pages(wanted)} (-S)`
  );
}
