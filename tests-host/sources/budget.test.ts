// The promise about cost: a source that would cost more than the budget counts its events, says so, and comes back.

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Dom0, Trace } from "../../src/index.js";
import { openContext, type ThreadContext } from "../../src/node/sources/context.js";
import { installSources } from "../../src/node/sources/index.js";
import { attachThread } from "../../src/node/threads/attach.js";
import { Budget } from "../../src/sources/budget.js";
import { Meter } from "../../src/sources/meter.js";
import { CALLER, link } from "../lib/guests.js";
import { decode, drained } from "../lib/records.js";
import { refusal } from "../lib/refusal.js";
import { until, useWorld } from "../lib/world.js";

const world = useWorld();
let dom0: Dom0;
let trace: Trace;
let context: ThreadContext;

beforeEach(() => {
  const hypervisor = world.boot({ memoryBytes: 32 * 65536 });
  dom0 = hypervisor.dom0();
  attachThread(hypervisor);
  trace = dom0.createTrace("t", { events: "xen_vmx,node_source,xen_sched", mode: "overwrite" });
  trace.start();
  context = openContext(hypervisor, undefined, { budget: 1 });
});
afterEach(() => context.dispose());

const told = () =>
  decode(dom0, drained(trace))
    .filter(({ event }) => event.startsWith("node_source:"))
    .map(({ event, fields }) => ({ event: event.slice("node_source:".length), ...fields }));

describe("a storm", () => {
  it("of a guest's imports is counted whole, with its time, and ends", async () => {
    const installed = installSources(context, { only: ["wasm"] });
    let calls = 0;
    const { each } = link(CALLER, { env: { f: () => ++calls, g: () => 0 } });
    const begin = performance.now();
    while (performance.now() - begin < 150) each?.(10_000);
    const storm = told();
    expect(storm[0]).toMatchObject({ event: "backed_off", source: "wasm" });
    const sums: typeof storm = storm.filter(({ event }) => event === "summary");
    expect(sums.length).toBeGreaterThan(10);
    await until("the storm is over", () => {
      sums.push(...told());
      return sums.some(({ event }) => event === "resumed");
    });
    const end = sums.find(({ event }) => event === "resumed");
    const counted = sums.filter(({ event }) => event === "summary");
    const sum = counted.reduce((all, each) => all + Number(Reflect.get(each, "count")), 0);
    expect(sum).toBe(Number(Reflect.get(end ?? {}, "count")));
    // What was recorded before it backed off is not in it.
    expect(sum).toBeGreaterThan(calls / 2);
    expect(sum).toBeLessThan(calls);
    // One after the other, without gaps.
    for (const [i, each] of counted.entries()) {
      const before = counted[i - 1];
      if (!before) continue;
      const ended = Number(Reflect.get(before, "start")) + Number(Reflect.get(before, "duration"));
      expect(Number(Reflect.get(each, "start"))).toBeGreaterThanOrEqual(ended - 1);
    }
    each?.(1);
    expect(decode(dom0, drained(trace)).map(({ event }) => event)).toEqual([
      "xen_vmx:vmx_vmexit",
      "xen_vmx:vmx_vmentry",
    ]);
    installed.dispose();
  });

  it("is told when its source is taken away meanwhile", () => {
    const installed = installSources(context, { only: ["wasm"] });
    const { each } = link(CALLER, { env: { f: () => 0, g: () => 0 } });
    const begin = performance.now();
    while (performance.now() - begin < 60) each?.(10_000);
    told();
    each?.(1);
    installed.dispose();
    expect(told().at(-1)).toMatchObject({ event: "resumed", source: "wasm" });
  });

  it("of timers is counted too", async () => {
    // So little that a few hundred timers of any machine are a storm.
    const poor = openContext(context.member, undefined, { budget: 0.001 });
    const installed = installSources(poor, { only: ["timers"] });
    for (let i = 0; i < 300; i++) await new Promise((done) => setImmediate(done));
    installed.dispose();
    poor.dispose();
    const records = decode(dom0, drained(trace));
    const single = records.filter(({ event }) => event === "xen_sched:sched_s_timer_fn").length;
    const counted = records.filter(({ event }) => event === "node_source:summary");
    const sum = counted.reduce((all, { fields }) => all + Number(fields.count), 0);
    expect(sum).toBeGreaterThan(0);
    // Those that fell on a look were counted, the last of them with the next.
    expect(single + sum).toBeGreaterThanOrEqual(298);
    expect(single + sum).toBeLessThanOrEqual(302);
  });
});

describe("a meter", () => {
  /** A purse that the test fills, and a clock that it sets. */
  function account() {
    const notes: string[] = [];
    const state = { now: 0, notes, calm: false };
    return {
      state,
      now: () => state.now,
      spend: (_meter: Meter, ns: number) => void notes.push(`spent ${ns}`),
      affords: () => state.calm,
      backedOff: () => void notes.push("backed off"),
      counted: (_m: Meter, since: number, now: number, count: number, total: number) =>
        void notes.push(`${count} from ${since} to ${now}, ${total} ns`),
      resumed: (_m: Meter, since: number, now: number, count: number) =>
        void notes.push(`resumed ${since} to ${now}, ${count}`),
    };
  }

  it("looks at the clock once in 64 events, and in a storm once a millisecond", () => {
    const purse = account();
    const { state } = purse;
    const meter = new Meter(purse, "test", 100);
    for (let i = 0; i < 64; i++) expect(meter.take()).toBe(true);
    expect(state.notes).toEqual(["spent 6400"]);
    meter.backOff(0);
    // Ten events a microsecond: it learns how many a millisecond has.
    for (let i = 1; i <= 30_000; i++) {
      state.now = i / 10_000;
      meter.took(1);
      expect(meter.take()).toBe(false);
    }
    expect(state.notes.slice(1, 4)).toEqual([
      "backed off",
      "64 from 0 to 0.0064, 64 ns",
      "10000 from 0.0064 to 1.0064, 10000 ns",
    ]);
    state.calm = true;
    meter.flush(50);
    meter.flush(200);
    expect(meter.recordsEach).toBe(true);
    expect(state.notes.at(-1)).toBe("resumed 0 to 200, 30000");
  });

  it("that costs most backs off, and not the one that was asked last", () => {
    const budget = new Budget(1, context.timeNs);
    const dear = budget.meter("dear", { records: 100 });
    const cheap = budget.meter("cheap", { records: 1 });
    const begin = performance.now();
    while (dear.recordsEach && cheap.recordsEach && performance.now() - begin < 5000) {
      dear.take();
      cheap.take();
    }
    expect([dear.recordsEach, cheap.recordsEach]).toEqual([false, true]);
    budget.end(dear);
    budget.end(cheap);
  });

  it("has no limit from 100 % on, and no budget of nothing", () => {
    const budget = new Budget(100, context.timeNs);
    const meter = budget.meter("any", { records: 1e6, texts: 1 });
    for (let i = 0; i < 10_000; i++) expect(meter.take()).toBe(true);
    for (const percent of [0, -1, Number.NaN]) {
      expect(refusal(() => new Budget(percent, context.timeNs))).toMatchObject({
        code: "bad-option",
      });
    }
  });
});
