// Ending a loop over packets loses nothing and reads nothing twice.

import { afterEach, describe, expect, it } from "vitest";
import { facility, Hypervisor, u32 } from "../../src/index.js";

const app = facility("abort", { tick: { n: u32 } });
let hypervisor: Hypervisor;

afterEach(() => hypervisor.close());

/** A trace with four sub-buffers of 64 bytes on CPU 0, three of them full: 5 records each. */
function filled(mode: "discard" | "overwrite") {
  hypervisor = Hypervisor.boot({ memoryBytes: 4 * 65536, cpus: 1 });
  const dom0 = hypervisor.dom0();
  hypervisor.attach();
  const trace = dom0.createTrace("t", { events: "abort", mode, subbufBytes: 64 });
  trace.start();
  for (let n = 0; n < 17; n++) app.tick({ n });
  return trace;
}

describe("packets", () => {
  for (const mode of ["discard", "overwrite"] as const) {
    it(`leaves what comes after the abort to the next reader, in ${mode} mode (I6, I7)`, async () => {
      const trace = filled(mode);
      const abort = new AbortController();
      const read: number[] = [];
      for await (const { records } of trace.packets({ signal: abort.signal })) {
        read.push(records);
        abort.abort();
      }
      expect(read).toEqual([5]);
      expect(trace.info().cpus[0]).toMatchObject({ taken: 5, consumed: 64 });
      trace.drain(({ records }) => read.push(records));
      expect(read).toEqual([5, 5, 5, 2]);
    });
  }

  it("reads a packet again when the loop was left in it, in discard mode", async () => {
    const trace = filled("discard");
    for await (const { records } of trace.packets()) {
      expect(records).toBe(5);
      break;
    }
    expect(trace.info().cpus[0]).toMatchObject({ taken: 0, consumed: 0 });
  });
});
