// Several objects of one trace, several readers of it, and what stays mapped when they are done.

import { beforeEach, describe, expect, it } from "vitest";
import {
  type Dom0,
  facility,
  field,
  type Hypervisor,
  type Packet,
  type Trace,
  type TraceMode,
  u32,
} from "../../src/index.js";
import { Memory } from "../lib/memory.js";
import { decode, drained, keep } from "../lib/records.js";
import { sleep, until, useWorld } from "../lib/world.js";

const world = useWorld();
const app = facility("sharing", { step: [field("n", u32)] });

let hypervisor: Hypervisor;
let dom0: Dom0;
let next = 0;

beforeEach(() => {
  hypervisor = world.boot({ cpus: 4, memoryBytes: 4 << 20 });
  dom0 = hypervisor.dom0();
  hypervisor.attach();
  next = 0;
});

/** Sub-buffers of 64 bytes: five records each. */
function started(mode: TraceMode = "discard", name = "a"): Trace {
  const options = { events: "sharing", mode, subbufBytes: 64, subbufCount: 4 };
  const trace = dom0.createTrace(name, options);
  trace.start();
  return trace;
}

function steps(count: number): void {
  for (let i = 0; i < count; i++) app.step(next++);
}

const code = (code: string) => expect.objectContaining({ name: "TraceError", code });
const numbers = (packets: readonly Packet[]) =>
  decode(dom0, packets).map(({ fields }) => fields.n as number);
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

/** How many mappings of dom0's there are. */
function mapped(): number {
  const memory = new Memory(hypervisor);
  let mappings = 0;
  for (let mfn = memory.firstFrame; mfn < memory.frames; mfn++) mappings += memory.mappings(mfn);
  return mappings;
}

describe("a destroyed trace", () => {
  const ways: [string, (trace: Trace, other: Trace) => void][] = [
    ["by the object that read it", (trace) => trace.destroy()],
    ["by another object", (_, other) => other.destroy()],
    ["by name", () => expect(dom0.ops.destroy("a")).toBe(0)],
  ];
  it.each(ways)("keeps nothing mapped, %s (I9)", async (_name, destroy) => {
    const before = hypervisor.frames().free;
    const trace = started();
    const [second, third] = [dom0.openTrace("a"), dom0.openTrace("a")];
    steps(7);
    for (const each of [trace, second]) each.snapshot();
    destroy(trace, third);
    expect(mapped()).toBe(0);
    for (const each of [trace, second, third]) {
      expect(each.destroyed).toBe(true);
      expect(() => each.snapshot()).toThrow(code("stale"));
      expect(() => each.destroy()).toThrow(code("name-unknown"));
      each.close();
    }
    expect(await dom0.settled(5000)).toBe(true);
    expect(hypervisor.frames().free).toBe(before);
  });

  it("has nothing to do with the next one of its name", () => {
    const old = started();
    dom0.ops.destroy("a");
    const trace = started();
    steps(7);
    for (const call of [
      () => old.stop(),
      () => old.start(),
      () => old.info(),
      () => old.destroy(),
    ]) {
      expect(call).toThrow(code("name-unknown"));
    }
    expect(trace.info().active).toBe(true);
    expect(numbers(drained(trace))).toEqual(range(0, 7));
  });

  it("ends a drain in whose packet that is done, and its loop", async () => {
    const trace = started();
    steps(12);
    expect(trace.drain(() => dom0.ops.destroy("a"))).toBe(1);
    const again = started();
    steps(12);
    let packets = 0;
    for await (const _ of again.packets({ pollMs: 1 })) {
      packets++;
      dom0.ops.destroy("a");
    }
    expect(packets).toBe(1);
    expect(mapped()).toBe(0);
  });
});

describe("close", () => {
  it("gives the mappings back, when the last object that reads is closed", () => {
    const trace = started();
    const second = dom0.openTrace("a");
    steps(7);
    expect(numbers(drained(trace, { partial: false }))).toEqual(range(0, 5));
    const once = mapped();
    expect(once).toBeGreaterThan(0);
    second.snapshot();
    expect(mapped(), "mapped once").toBe(once);
    trace.close();
    trace.close();
    expect(mapped()).toBe(once);
    expect(numbers(drained(second))).toEqual([5, 6]);
    second.close();
    expect(mapped()).toBe(0);
    steps(3);
    const third = dom0.openTrace("a");
    expect(numbers(third.snapshot())).toEqual([7, 8, 9]);
    third[Symbol.dispose]?.();
    expect(mapped()).toBe(0);
    expect(dom0.openTrace("a").info().active).toBe(true);
  });

  const calls: [string, (trace: Trace) => unknown][] = [
    ["start", (trace) => trace.start()],
    ["stop", (trace) => trace.stop()],
    ["info", (trace) => trace.info()],
    ["losses", (trace) => trace.losses()],
    ["snapshot", (trace) => trace.snapshot()],
    ["drain", (trace) => trace.drain(() => {})],
    ["destroy", (trace) => trace.destroy()],
  ];
  it.each(calls)("refuses %s afterwards", async (_name, call) => {
    const trace = started();
    trace.close();
    expect(() => call(trace)).toThrow(code("closed"));
    await expect(trace.packets().next()).rejects.toThrow(code("closed"));
  });

  it.each(calls)("of dom0 refuses %s too", (_name, call) => {
    const trace = started();
    dom0.close();
    expect(() => call(trace)).toThrow(code("closed"));
  });

  it("ends the object's loop; the packet that the loop has asked for more after is taken", async () => {
    const trace = started();
    steps(12);
    const seen: Packet[] = [];
    for await (const packet of trace.packets({ pollMs: 1 })) {
      seen.push(keep(packet));
      trace.close();
    }
    expect(mapped()).toBe(0);
    const second = dom0.openTrace("a");
    expect(second.drain((packet) => [seen.push(keep(packet)), second.close()])).toBe(1);
    seen.push(...drained(dom0.openTrace("a")));
    expect(numbers(seen), "each once").toEqual(range(0, 12));
  });
});

describe.each(["discard", "overwrite"] as const)("two readers of a trace (%s)", (mode) => {
  it("cannot both loop over its packets: one gets all, each once", async () => {
    const trace = started(mode);
    const second = dom0.openTrace("a");
    const abort = new AbortController();
    const seen: Packet[] = [];
    const loop = (async () => {
      for await (const packet of trace.packets({ signal: abort.signal, pollMs: 1 })) {
        seen.push(keep(packet));
        await sleep(1);
      }
    })();
    for (let i = 0; i < 10; i++) {
      steps(3);
      await sleep(2);
      for (const other of [trace, second]) {
        await expect(other.packets({ pollMs: 1 }).next()).rejects.toThrow(code("busy"));
      }
    }
    await until("all", () => numbers(seen).length === 30);
    abort.abort();
    await loop;
    expect(numbers(seen)).toEqual(range(0, 30));
    steps(2);
    for await (const packet of second.packets({ pollMs: 1 })) {
      expect(numbers([packet])).toEqual([30, 31]);
      break;
    }
  });

  it("get each packet once: a loop that waits, and a drain", async () => {
    const trace = started(mode);
    const abort = new AbortController();
    const seen: Packet[] = [];
    const loop = (async () => {
      for await (const packet of trace.packets({ signal: abort.signal, pollMs: 3 })) {
        seen.push(keep(packet));
      }
    })();
    for (let i = 0; i < 30; i++) {
      steps(3);
      if (i % 3 === 0) seen.push(...drained(trace));
      await sleep(1);
    }
    abort.abort();
    await loop;
    seen.push(...drained(trace));
    expect(numbers(seen)).toEqual(range(0, 90));
  });
});

describe("a view of the shared buffer", () => {
  it("is not given back to the writer while a loop reads it (I5)", async () => {
    const trace = started();
    const second = dom0.openTrace("a");
    steps(12);
    for await (const packet of trace.packets({ pollMs: 1 })) {
      for (const other of [trace, second]) {
        expect(() => other.drain(() => {})).toThrow(code("busy"));
      }
      steps(100);
      expect(numbers([packet])).toEqual(range(0, 5));
      expect(trace.snapshot()[0], "which may be looked at").toMatchObject({ records: 5 });
      break;
    }
    // The loop was left in it, so it comes again.
    expect(numbers(drained(trace)).slice(0, 5)).toEqual(range(0, 5));
  });

  it("is not given back while a drain's caller reads it", () => {
    const trace = started();
    steps(12);
    const seen: number[] = [];
    trace.drain((packet) => {
      expect(() => trace.drain(() => {})).toThrow(code("busy"));
      steps(20);
      seen.push(...numbers([packet]));
    });
    expect(seen.slice(0, 12)).toEqual(range(0, 12));
    expect(seen).toEqual([...new Set(seen)]);
  });

  it("is released by a loop that an exception ends", async () => {
    const trace = started();
    steps(7);
    const thrown = (async () => {
      for await (const _ of trace.packets({ pollMs: 1 })) throw new Error("mine");
    })();
    await expect(thrown).rejects.toThrow("mine");
    expect(() =>
      trace.drain(() => {
        throw new Error("mine");
      }),
    ).toThrow("mine");
    expect(numbers(drained(trace))).toEqual(range(0, 7));
  });
});

it("an overwrite trace may be drained in its own loop: its packets are copies", async () => {
  const trace = started("overwrite");
  steps(12);
  const seen: Packet[] = [];
  for await (const packet of trace.packets({ pollMs: 1 })) {
    seen.push(packet, ...drained(trace));
    break;
  }
  expect(numbers(seen)).toEqual(range(0, 12));
});
