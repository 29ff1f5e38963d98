// The build for one thread: memory that is not shared, as in a page that is not cross-origin isolated.

import { afterEach, describe, expect, it } from "vitest";
import {
  capabilities,
  facility,
  field,
  Hypervisor,
  string,
  u32,
  VIRQ_TBUF,
} from "../../src/index.js";
import { decode, drained, fieldsOf } from "../lib/records.js";
import { until, useWorld } from "../lib/world.js";
import { writers } from "../lib/writers.js";

const world = useWorld();
const booted: Hypervisor[] = [];
afterEach(() => {
  for (const hypervisor of booted.splice(0)) hypervisor.close();
});

/** Not the world's: what checks its memory afterwards joins it, which nobody can. */
function bootUnshared(): Hypervisor {
  const hypervisor = Hypervisor.boot({ shared: false });
  booted.push(hypervisor);
  return hypervisor;
}

const app = facility("unshared", {
  pair: [field("a", u32), field("b", u32)],
  text: [field("t", string)],
});

describe("a hypervisor without shared memory", () => {
  it("is what a runtime falls back to that cannot share, and not this one", () => {
    expect(capabilities).toEqual({ crossThread: true, waitAsync: true });
  });

  it("refuses to be joined, with the reason", () => {
    const hypervisor = bootUnshared();
    expect(() => hypervisor.handle()).toThrow(/handle: the memory is not shared/);
  });

  it.each(["wasm", "js"] as const)(
    "records and reads with the same API, writer %s",
    async (writer) => {
      const hypervisor = bootUnshared();
      hypervisor.attach({ writer: writers[writer] });
      const dom0 = hypervisor.dom0();
      const options = { events: "unshared", subbufBytes: 256 };
      const trace = dom0.createTrace("t", options);
      let raised = 0;
      dom0.bindVirq(VIRQ_TBUF, () => raised++);
      trace.start();
      for (let i = 0; i < 20; i++) app.pair(i, i * i);
      app.text("hello");
      const records = decode(dom0, drained(trace));
      expect(fieldsOf(records, "unshared:pair")).toEqual(
        Array.from({ length: 20 }, (_, i) => ({ a: i, b: i * i })),
      );
      expect(fieldsOf(records, "unshared:text")).toEqual([{ t: "hello" }]);
      await until("VIRQ_TBUF by polling", () => raised > 0);
      trace.stop();
      expect(await trace.stopped()).toBe(true);
      const { free } = hypervisor.frames();
      trace.destroy();
      expect(await dom0.settled()).toBe(true);
      expect(hypervisor.frames().free).toBeGreaterThan(free);
    },
  );

  it("overwrites, and takes snapshots", () => {
    const hypervisor = bootUnshared();
    hypervisor.attach();
    const dom0 = hypervisor.dom0();
    const trace = dom0.createTrace("t", { events: "unshared", subbufBytes: 64, mode: "overwrite" });
    trace.start();
    for (let i = 0; i < 100; i++) app.pair(i, 0);
    const last = fieldsOf(decode(dom0, trace.snapshot()), "unshared:pair").at(-1);
    expect(last).toEqual({ a: 99, b: 0 });
  });

  it("is joined by nobody who was given a forged handle", () => {
    const shared = world.boot();
    const memory = { ...shared.handle(), memory: {} } as never;
    expect(() => Hypervisor.join(memory)).toThrow(/what handle\(\) of a hypervisor returned/);
  });
});
