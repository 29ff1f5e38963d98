// Which events and CPUs a trace records: names, patterns, Xen's classes and masks; also of
// facilities that come later.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseSelection, selects } from "../../src/event/selection.js";
import { xenSched, xenVmx } from "../../src/facilities/index.js";
import { event, facility, field, Hypervisor, tracepointsOf, u32 } from "../../src/index.js";
import { decode, drained } from "../lib/records.js";
import { sleep, useWorld } from "../lib/world.js";

const world = useWorld();

const app = facility("app", {
  request: [field("n", u32)],
  response: [field("n", u32)],
  retry: [field("n", u32)],
});
const other = facility("other.lib", { request: [field("n", u32)], "a+b": [field("n", u32)] });
const xen = facility("xen_like", {
  // Class 2 and 4, subclass 1; class 8, subclass 2.
  one: event([], { xen: 0x61001 }),
  two: event([], { xen: 0x82002 }),
  none: event([], {}),
});

const schedEvents = tracepointsOf(xenSched);
const vmxEvents = tracepointsOf(xenVmx);

function recordAll(): void {
  app.request(1);
  app.response(2);
  app.retry(3);
  other.request(4);
  other["a+b"](5);
  xen.one();
  xen.two();
  xen.none();
  schedEvents.sched_wake(0, 0);
  schedEvents.sched_sleep(0, 0);
  vmxEvents.vmx_vmentry();
}

const ALL = [
  "app:request",
  "app:response",
  "app:retry",
  "other.lib:request",
  "other.lib:a+b",
  "xen_like:one",
  "xen_like:two",
  "xen_like:none",
  "xen_sched:sched_wake",
  "xen_sched:sched_sleep",
  "xen_vmx:vmx_vmentry",
];

/** Names of what a trace with this selection records; `late`: created before the facilities came. */
function recorded(events: string, late: boolean): string[] {
  const hypervisor = world.boot({ cpus: 1 });
  const dom0 = hypervisor.dom0();
  if (!late) hypervisor.attach().detach();
  const trace = dom0.createTrace("a", { events });
  trace.start();
  const cpu = hypervisor.attach();
  recordAll();
  cpu.detach();
  trace.stop();
  return decode(dom0, drained(trace)).map(({ event }) => event);
}

const only = (...names: string[]) => ALL.filter((name) => names.includes(name));

const selections: [string, string[]][] = [
  ["all", ALL],
  ["*", ALL],
  ["sched,all", ALL],
  ["app", only("app:request", "app:response", "app:retry")],
  ["app:request", only("app:request")],
  ["app:re*", only("app:request", "app:response", "app:retry")],
  ["app:re*e*t*", only("app:request")],
  ["*:request", only("app:request", "other.lib:request")],
  ["*:*y", only("app:retry", "xen_vmx:vmx_vmentry")],
  ["other.lib", only("other.lib:request", "other.lib:a+b")],
  ["other.lib:a+b", only("other.lib:a+b")],
  ["otherxlib", []],
  ["App", []],
  ["app:req", []],
  ["nothing", []],
  // Names that every object of JavaScript has.
  ["constructor", []],
  ["toString,app:retry", only("app:retry")],
  ["__proto__:*", []],
  ["app:request, app:retry", only("app:request", "app:retry")],
  ["sched", only("xen_sched:sched_wake", "xen_sched:sched_sleep")],
  ["hvm,app:retry", only("app:retry", "xen_vmx:vmx_vmentry")],
  ["xen_sched:sched_wake", only("xen_sched:sched_wake")],
  ["gen", []],
  // Class 2 of sched is that of xen_like:one as well, but its subclass is 8.
  ["0x00028000", only("xen_sched:sched_wake", "xen_sched:sched_sleep")],
  ["0x0002f000", only("xen_like:one", "xen_sched:sched_wake", "xen_sched:sched_sleep")],
  ["0x00021000", only("xen_like:one")],
  // A cross product: classes 4 and 8 times subclasses 1 and 2.
  ["0x000c3000", only("xen_like:one", "xen_like:two", "xen_vmx:vmx_vmentry")],
  // A class without a subclass, and the other way round, select nothing.
  ["0x00020000", []],
  ["0x0000f000", []],
  ["0", []],
  // Bit 31 is no class.
  ["0x80001000", []],
  ["0xfffff000", ALL.filter((name) => /xen_(like:(one|two)|sched|vmx)/.test(name))],
];

describe.each([
  ["of facilities that exist", false],
  ["of facilities that come later", true],
])("a selection %s", (_name, late) => {
  it.each(selections)("%s enables what it names and nothing else", (events, expected) => {
    expect(recorded(events, late)).toEqual(expected);
  });
});

describe("a selection", () => {
  it("of one trace does not change another's", () => {
    const hypervisor = world.boot({ cpus: 1 });
    const dom0 = hypervisor.dom0();
    const traces = ["app:request", "app:retry", "all"].map((events, i) => {
      const trace = dom0.createTrace(`t${i}`, { events });
      trace.start();
      return trace;
    });
    const cpu = hypervisor.attach();
    recordAll();
    traces[2]?.stop();
    recordAll();
    cpu.detach();
    const counts = traces.map((trace) => decode(dom0, drained(trace)).length);
    // `all` has dom0's own records of the stop too.
    expect(counts.slice(0, 2)).toEqual([2, 2]);
    expect(counts[2]).toBeGreaterThanOrEqual(ALL.length);
    expect(counts[2]).toBeLessThan(2 * ALL.length);
  });

  it("names facilities and events as objects of JavaScript name what they inherit", () => {
    for (const name of ["constructor", "toString", "__proto__", "hasOwnProperty"]) {
      const event = { name, fields: [] };
      expect(selects(parseSelection(name), name, event)).toBe(true);
      expect(selects(parseSelection(`${name}:${name}`), name, event)).toBe(true);
      expect(selects(parseSelection(name), "app", event)).toBe(false);
    }
  });

  it("matches as a regular expression of its stars would", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", "."), maxLength: 8 });
    const pattern = fc.string({ unit: fc.constantFrom("a", "b", ".", "*"), minLength: 1 });
    fc.assert(
      fc.property(pattern, text, (glob, name) => {
        const oracle = new RegExp(`^${glob.replaceAll(".", "\\.").replaceAll("*", ".*")}$`);
        const selection = parseSelection(`f:${glob}`);
        expect(selects(selection, "f", { name, fields: [] })).toBe(oracle.test(name));
      }),
      { numRuns: 2000 },
    );
  });

  it("of many stars is matched in bounded time (I10)", async () => {
    const hypervisor = world.boot({ cpus: 1 });
    const data = { events: `stars:${"*a".repeat(8)}*b` };
    // In a thread of its own: a match without bound can only be ended from outside.
    const matched = world.spawn(hypervisor, "thread-stars", { data }).then(() => true);
    expect(await Promise.race([matched, sleep(3000).then(() => false)])).toBe(true);
  });
});

describe("the cpus of a trace", () => {
  it("are recorded, and no others, also those that come later", () => {
    const hypervisor = world.boot({ cpus: 4 });
    const dom0 = hypervisor.dom0();
    const held = [0, 1].map(() => world.adopt(Hypervisor.join(hypervisor.handle())));
    expect(held[0]?.attach({ current: false }).index).toBe(0);
    const before = hypervisor.frames().free;
    const trace = dom0.createTrace("a", { cpus: [1, 3, 255], events: "app", subbufBytes: 1024 });
    expect(hypervisor.frames().free).toBe(before - 1);
    trace.start();
    expect(held[1]?.attach({ current: false }).index).toBe(1);
    hypervisor.attach();
    expect(hypervisor.cpu?.index).toBe(2);
    recordAll();
    hypervisor.cpu?.detach();
    expect(drained(trace)).toEqual([]);
    const filler = world.adopt(Hypervisor.join(hypervisor.handle()));
    expect(filler.attach({ current: false }).index).toBe(2);
    expect(hypervisor.attach().index).toBe(3);
    recordAll();
    expect(drained(trace)).toMatchObject([{ cpu: 3, records: 3 }]);
    expect(trace.info().cpus.map(({ cpu }) => cpu)).toEqual([1, 3]);
  });

  it("may be none", () => {
    const hypervisor = world.boot({ cpus: 1 });
    const trace = hypervisor.dom0().createTrace("a", { cpus: [] });
    trace.start();
    hypervisor.attach();
    recordAll();
    expect(drained(trace)).toEqual([]);
    expect(trace.info().cpus).toEqual([]);
  });
});
