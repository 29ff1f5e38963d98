// A recording begins with what memory there is.

import { describe, expect, it } from "vitest";
import { TraceError } from "../../src/errors.js";
import { Hypervisor } from "../../src/hypervisor.js";
import { bootRecorder } from "../../src/node/record/boot-recorder.js";
import type { RecordConfig } from "../../src/node/record/config.js";
import { memoryFor } from "../../src/node/record/memory-size.js";

const MB = 2 ** 20;
const config = {
  cpus: 4,
  subbufBytes: MB,
  subbufCount: 8,
  memoryBytes: memoryFor(4, 8 * MB),
} as RecordConfig;

/** Boots where no more than `most` bytes can be reserved. */
function within(most: number) {
  const asked: number[] = [];
  const warnings: string[] = [];
  const boot = (options: { memoryBytes?: number } = {}) => {
    const { memoryBytes = 0 } = options;
    asked.push(memoryBytes);
    if (memoryBytes > most) throw new TraceError("unsupported", `no ${memoryBytes} bytes`);
    return Hypervisor.boot(options);
  };
  return { asked, warnings, run: () => bootRecorder(config, (text) => warnings.push(text), boot) };
}

describe("bootRecorder", () => {
  it("takes what was asked for, where there is room", () => {
    const { warnings, run } = within(Number.POSITIVE_INFINITY);
    expect(run().config).toBe(config);
    expect(warnings).toEqual([]);
  });

  it("halves the buffers until they fit, and says so", () => {
    const { warnings, run } = within(memoryFor(4, 2 * MB));
    const { hypervisor, config: got } = run();
    expect(got.subbufBytes).toBe(MB / 4);
    const trace = hypervisor.dom0().createTrace("t", {
      subbufBytes: got.subbufBytes,
      subbufCount: got.subbufCount,
    });
    for (let cpu = 0; cpu < 4; cpu++) Hypervisor.join(hypervisor.handle()).attach({ tid: cpu });
    expect(trace.info().cpus).toHaveLength(4);
    hypervisor.dom0().close();
    expect(warnings.join()).toMatch(/has 512 pages instead of 2048/);
  });

  it("fails by its first error when nothing fits", () => {
    const { asked, run } = within(0);
    expect(run).toThrow(`no ${config.memoryBytes} bytes`);
    expect(asked.at(-1)).toBe(memoryFor(4, MB / 4));
  });
});
