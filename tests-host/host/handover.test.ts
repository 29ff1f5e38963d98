// One dom0 goes, by itself or by its thread's death, and the next one comes: it finds all that was
// there, and nothing that the first one held stays behind (I9, I12).

import { describe, expect, it } from "vitest";
import {
  type Dom0,
  facility,
  field,
  Hypervisor,
  type Packet,
  u32,
  VIRQ_DOM_EXC,
  VIRQ_TBUF,
} from "../../src/index.js";
import { Memory } from "../lib/memory.js";
import { cpuInfo, decode, drained, fieldsOf, keep } from "../lib/records.js";
import { until, useWorld } from "../lib/world.js";

const world = useWorld();
const app = facility("handover", { step: [field("n", u32)] });

/** Free frames once a thread has been a CPU: the slot's scratch area and the facilities stay. */
function freeFrames(hypervisor: Hypervisor): number {
  hypervisor.attach().detach();
  return hypervisor.frames().free;
}

/** dom0 has recorded and read a little, and has resigned; the next one is another thread's. */
function resigned(act: (dom0: Dom0) => void) {
  const hypervisor = world.boot({ cpus: 4 });
  const before = freeFrames(hypervisor);
  const dom0 = hypervisor.dom0();
  const trace = dom0.createTrace("a", { events: "handover", subbufBytes: 4096 });
  trace.start();
  hypervisor.attach();
  for (let n = 0; n < 5; n++) app.step(n);
  act(dom0);
  for (let n = 5; n < 8; n++) app.step(n);
  hypervisor.close();
  return { before, next: world.adopt(Hypervisor.join(hypervisor.handle())) };
}

/** A dom0 that has died with everything open. */
async function died() {
  const hypervisor = world.boot({ cpus: 4 });
  const before = freeFrames(hypervisor);
  const thread = await world.spawn(hypervisor, "thread-dom0");
  await thread.terminate();
  expect(() => hypervisor.dom0()).toThrow(expect.objectContaining({ code: "dom0-taken" }));
  expect(thread.reap()).toBe(1);
  return { before, next: hypervisor };
}

describe("after a dom0 that has closed", () => {
  it("the next one reads on where it stopped, within a sub-buffer", () => {
    const { next } = resigned((dom0) => {
      expect(drained(dom0.openTrace("a"))).toMatchObject([{ records: 5 }]);
    });
    const dom0 = next.dom0();
    const trace = dom0.openTrace("a");
    const numbers = () => decode(dom0, drained(trace)).map(({ fields }) => fields.n);
    expect(numbers()).toEqual([5, 6, 7]);
    const cpu = next.attach();
    for (let n = 8; n < 600; n++) app.step(n);
    cpu.detach();
    expect(numbers()).toEqual(Array.from({ length: 592 }, (_, i) => 8 + i));
  });

  it("no frame stays behind that it had mapped (I9)", async () => {
    const { before, next } = resigned((dom0) => {
      dom0.openTrace("a").drain(() => {});
      dom0.openTrace("a").snapshot();
      dom0.mapForeignRange(1, 1);
    });
    const dom0 = next.dom0();
    dom0.openTrace("a").destroy();
    expect(await dom0.settled(5000)).toBe(true);
    expect(next.frames().free).toBe(before);
  });

  it("its VIRQs can be bound", () => {
    const { next } = resigned((dom0) => {
      dom0.bindVirq(VIRQ_TBUF, () => {});
      dom0.bindVirq(VIRQ_DOM_EXC, () => {});
    });
    const dom0 = next.dom0();
    dom0.bindVirq(VIRQ_TBUF, () => {});
    dom0.bindVirq(VIRQ_DOM_EXC, () => {});
  });
});

describe("a dom0 that the same thread is again", () => {
  it("keeps its own mappings when old ones are given back (I9)", async () => {
    const hypervisor = world.boot({ cpus: 1 });
    hypervisor.attach({ current: false });
    const memory = new Memory(hypervisor);
    const old = hypervisor.dom0();
    const oldTrace = old.createTrace("a", { subbufBytes: 1024 });
    const { dataMfn } = cpuInfo(oldTrace, 0);
    const oldMapping = old.mapForeignRange(dataMfn, 1);
    old.close();
    expect(memory.mappings(dataMfn)).toBe(0);
    const dom0 = hypervisor.dom0();
    const mapping = dom0.mapForeignRange(dataMfn, 1);
    oldMapping.unmap();
    expect(memory.mappings(dataMfn)).toBe(1);
    expect(mapping.valid).toBe(true);
    dom0.openTrace("a").destroy();
    expect(await dom0.settled(5000)).toBe(true);
    expect(memory.owner(dataMfn), "still mapped").not.toBe(0);
    mapping.unmap();
    expect(memory.owner(dataMfn)).toBe(0);
  });
});

describe("after a dom0 whose thread has died", () => {
  it("the next one can come although the dead thread holds the only CPU", async () => {
    const hypervisor = world.boot({ cpus: 1 });
    const thread = await world.spawn(hypervisor, "thread-dom0");
    await thread.terminate();
    thread.reap();
    expect(hypervisor.dom0().openTrace("theirs").info().active).toBe(true);
    expect(hypervisor.attach().index).toBe(0);
  });

  it("the next one finds its traces and their records", async () => {
    const { next } = await died();
    const dom0 = next.dom0();
    const trace = dom0.openTrace("theirs");
    expect(trace.info().active).toBe(true);
    expect(fieldsOf(decode(dom0, drained(trace)), "load")).toHaveLength(10);
  });

  it("no frame stays behind that it had mapped (I9)", async () => {
    const { before, next } = await died();
    const dom0 = next.dom0();
    dom0.openTrace("theirs").destroy();
    expect(await dom0.settled(5000)).toBe(true);
    // The facility of that thread has come.
    expect(next.frames().free).toBe(before - 1);
  });

  it("its VIRQs can be bound, are called, and its masks are gone", async () => {
    const { next } = await died();
    const dom0 = next.dom0();
    let calls = 0;
    dom0.bindVirq(VIRQ_DOM_EXC, () => calls++);
    next.attach({ current: false }).detach();
    await until("a call", () => calls > 0, 3000);
  });

  it("its packets can be read by a loop", async () => {
    const { next } = await died();
    const dom0 = next.dom0();
    const abort = new AbortController();
    const seen: Packet[] = [];
    const { signal } = abort;
    for await (const packet of dom0.openTrace("theirs").packets({ signal, pollMs: 5 })) {
      seen.push(keep(packet));
      abort.abort();
    }
    expect(fieldsOf(decode(dom0, seen), "load")).toHaveLength(10);
  });
});
