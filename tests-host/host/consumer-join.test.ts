// A thread hands its new ring to the trace in two steps; dom0 may look in between.

import { afterEach, describe, expect, it } from "vitest";
import * as layout from "../../assembly/public/layout.js";
import { facility, Hypervisor, u32 } from "../../src/index.js";

const app = facility("joining", { tick: { n: u32 } });
let hypervisor: Hypervisor;
afterEach(() => hypervisor.close());

describe("a ring that its thread has published and not yet handed over", () => {
  it("is passed over until it is handed over, and read then (I3)", () => {
    hypervisor = Hypervisor.boot({ memoryBytes: 4 * 65536, cpus: 1 });
    const dom0 = hypervisor.dom0();
    const trace = dom0.createTrace("t", { events: "joining", subbufBytes: 4096 });
    trace.start();
    const cpu = hypervisor.attach();
    app.tick({ n: 1 });
    const words = new Int32Array(hypervisor.handle().memory.buffer);
    const table = words[(layout.CONTROL_AT + layout.CTL_FRAME_TABLE_AT) / 4] ?? 0;
    const { ringMfn = 0, dataMfn = 0 } = trace.info().cpus[0] ?? {};
    const setOwners = (owner: number): void => {
      for (const mfn of [ringMfn, dataMfn, dataMfn + 1, dataMfn + 2, dataMfn + 3]) {
        words[(table + mfn * layout.FRAME_ENTRY_BYTES + layout.FRAME_OWNER_AT) / 4] = owner;
      }
    };
    const read = (): number => {
      let records = 0;
      trace.drain((packet) => {
        records += packet.records;
      });
      return records;
    };
    // What its CPU still owns may be freed at any time, so dom0 does not map it yet.
    setOwners(layout.OWNER_CPU + cpu.index);
    expect(read()).toBe(0);
    expect(trace.info().corrupt).toEqual([]);
    setOwners(layout.OWNER_TRACE);
    expect(read()).toBe(1);
    expect(trace.info().corrupt).toEqual([]);
  });
});
