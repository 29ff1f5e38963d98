// Booting a hypervisor, joining it, and how threads of it come and go.

import { describe, expect, it } from "vitest";
import { ABI_VERSION, CONTROL_AT, CTL_ABI_AT } from "../../assembly/public/layout.js";
import { facility, Hypervisor, type HypervisorHandle, join, u32 } from "../../src/index.js";
import { wasm } from "../../src/memory/wasm.js";
import { decode, drained, fieldsOf } from "../lib/records.js";
import { refusal } from "../lib/refusal.js";
import { useWorld } from "../lib/world.js";

const world = useWorld();
const app = facility("boot_test", { step: { n: u32 } });

describe("boot", () => {
  it("makes shared memory of the size asked for", () => {
    const hypervisor = world.boot({ memoryBytes: 1 << 20, cpus: 2 });
    expect(hypervisor.handle().memory.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(hypervisor.handle().memory.buffer.byteLength).toBe(1 << 20);
    const { free, total } = hypervisor.frames();
    expect(total).toBe(256);
    expect(free).toBeGreaterThan(220);
    expect(free).toBeLessThan(total);
  });

  it("takes the smallest and the largest number of CPUs", () => {
    expect(world.boot({ memoryBytes: 4 * 65536, cpus: 1 }).frames().total).toBe(64);
    expect(world.boot({ memoryBytes: 4 * 65536, cpus: 256 }).frames().free).toBeGreaterThan(0);
  });

  it.each([0, 1, 65535, 3 * 65536, 65536.5, -65536, Number.NaN, 2 ** 31, 2 ** 40])(
    "refuses memoryBytes=%s, and names it and the limits",
    (memoryBytes) => {
      const { code, message } = refusal(() => Hypervisor.boot({ memoryBytes }));
      expect(code).toBe("bad-option");
      expect(message).toContain("from 262144 to 2147");
      expect(message).toContain(`, got ${memoryBytes}`);
    },
  );

  it.each([0, 257, -1, 1.5, Number.NaN])("refuses cpus=%s, and names it and the limits", (cpus) => {
    const { code, message } = refusal(() => Hypervisor.boot({ cpus }));
    expect(code).toBe("bad-option");
    expect(message).toContain(`cpus must be an integer from 1 to 256, got ${cpus}`);
  });
});

describe("join", () => {
  it("takes a handle that was cloned into another thread", async () => {
    const hypervisor = world.boot({ cpus: 2 });
    const dom0 = hypervisor.dom0();
    const trace = dom0.createTrace("all", { events: "app" });
    trace.start();
    const thread = await world.spawn(hypervisor, "thread-join");
    expect(thread.messages).toEqual([{ cpu: 0, domain: 1, second: "dom0-taken" }]);
    expect(await thread.exited).toBe(0);
    const records = decode(dom0, drained(trace));
    expect(fieldsOf(records, "app")).toEqual([{ text: "from a worker" }]);
  });

  it("takes a handle that went through structuredClone", () => {
    const hypervisor = world.boot();
    const handle = structuredClone(hypervisor.handle());
    const joined = world.adopt(Hypervisor.join(handle));
    expect(joined.frames()).toEqual(hypervisor.frames());
    expect(joined.handle().clock).toEqual(hypervisor.handle().clock);
  });

  it("refuses a handle of another ABI version, and names both", () => {
    const handle = { ...world.boot().handle(), abi: ABI_VERSION + 41 };
    const { code, message } = refusal(() => Hypervisor.join(handle));
    expect(code).toBe("abi-mismatch");
    expect(message).toContain(`${ABI_VERSION + 41}`);
    expect(message).toMatch(new RegExp(`${ABI_VERSION}$`));
  });

  it("refuses memory of another ABI version, and names both", () => {
    const hypervisor = world.boot();
    const words = new Int32Array(hypervisor.handle().memory.buffer);
    words[(CONTROL_AT + CTL_ABI_AT) / 4] = 1234;
    const { code, message } = refusal(() => Hypervisor.join(hypervisor.handle()));
    expect(code).toBe("abi-mismatch");
    expect(message).toContain("1234");
    expect(message).toMatch(new RegExp(`${ABI_VERSION}$`));
  });

  const memory = (pages: number) => new wasm.Memory({ initial: pages, maximum: 4, shared: true });
  const foreign: [string, (handle: HypervisorHandle) => unknown][] = [
    ["undefined", () => undefined],
    ["null", () => null],
    ["a number", () => 1],
    ["an empty object", () => ({})],
    ["a handle without memory", ({ memory: _, ...rest }) => rest],
    [
      "a handle whose memory is a buffer",
      (handle) => ({ ...handle, memory: handle.memory.buffer }),
    ],
    ["a handle without a module", ({ module: _, ...rest }) => rest],
    ["a handle without a clock", ({ clock: _, ...rest }) => rest],
    ["memory that was never booted", (handle) => ({ ...handle, memory: memory(4) })],
    ["memory of no page", (handle) => ({ ...handle, memory: memory(0) })],
  ];
  it.each(foreign)("refuses %s", (_name, make) => {
    const handle = make(world.boot().handle()) as HypervisorHandle;
    expect(refusal(() => Hypervisor.join(handle)).code).toBe("bad-handle");
    expect(refusal(() => join(handle)).code).toBe("bad-handle");
  });

  it("without dom0 gives all that a recording thread needs, and no dom0", async () => {
    const hypervisor = world.boot({ cpus: 2 });
    const dom0 = hypervisor.dom0();
    const trace = dom0.createTrace("all", { events: "boot_test" });
    trace.start();
    const member = join(hypervisor.handle());
    expect(member).not.toHaveProperty("dom0");
    expect(await member.calibrate()).toBe(0);
    expect(member.handle()).toBe(hypervisor.handle());
    expect(member.attach({ tid: 77 })).toBe(member.cpu);
    app.step({ n: 5 });
    expect(hypervisor.threadsOf(77)).toMatchObject([{ tid: 77 }]);
    member.close();
    expect(member.cpu).toBeUndefined();
    expect(hypervisor.threadsOf(77)).toEqual([]);
    expect(fieldsOf(decode(dom0, drained(trace)), "boot_test")).toEqual([{ n: 5 }]);
  });

  it("tells a thread of it why it was refused", async () => {
    const hypervisor = world.boot();
    const handle = { ...hypervisor.handle(), abi: 99 };
    const thread = await world.spawn(hypervisor, "thread-join", { data: { handle } });
    expect(thread.messages).toMatchObject([{ refused: "abi-mismatch" }]);
  });
});

describe("attach", () => {
  it("returns the same CPU until it is detached", () => {
    const hypervisor = world.boot({ cpus: 2 });
    const cpu = hypervisor.attach();
    expect(hypervisor.attach()).toBe(cpu);
    expect(hypervisor.cpu).toBe(cpu);
    expect(cpu.detached).toBe(false);
    cpu.detach();
    cpu.detach();
    expect(cpu.detached).toBe(true);
    expect(hypervisor.cpu).toBeUndefined();
  });

  it("refuses an option that it does not know, and takes no CPU", () => {
    const hypervisor = world.boot({ cpus: 1 });
    const { code, message } = refusal(() => hypervisor.attach({ clok: "coarse" } as object));
    expect(code).toBe("bad-option");
    expect(message).toMatch(/^attach: option clok is not known; known are tid, parent,/);
    expect(hypervisor.attach().index).toBe(0);
  });

  it("takes a CPU again after a detach, with time going on (I8)", () => {
    const hypervisor = world.boot({ cpus: 2 });
    const dom0 = hypervisor.dom0();
    const trace = dom0.createTrace("a", { events: "boot_test" });
    trace.start();
    for (let n = 0; n < 3; n++) {
      const cpu = hypervisor.attach();
      expect(cpu.index).toBe(0);
      app.step({ n });
      cpu.detach();
      app.step({ n: 99 });
    }
    const records = decode(dom0, drained(trace));
    expect(records.map(({ fields }) => fields.n)).toEqual([0, 1, 2]);
    const times = records.map(({ timestamp }) => timestamp);
    expect(times).toEqual([...times].sort((a, b) => (a < b ? -1 : 1)));
  });

  it("counts domains, and calls dom0 domain 0", () => {
    const hypervisor = world.boot({ cpus: 4 });
    const others = [0, 1].map(() => world.adopt(Hypervisor.join(hypervisor.handle())));
    hypervisor.dom0(7);
    expect(hypervisor.attach({ tid: 7 }).domain).toBe(0);
    const domains = others.map((other) => other.attach({ current: false }).domain);
    expect(new Set([0, ...domains]).size).toBe(3);
  });

  it("leaves this thread's tracepoints alone when it is told to", () => {
    const [first, second] = [world.boot(), world.boot()];
    const traces = [first, second].map((each) => {
      const trace = each.dom0().createTrace("a", { events: "boot_test" });
      trace.start();
      return trace;
    });
    first.attach();
    second.attach({ current: false });
    app.step({ n: 1 });
    expect(traces.map((trace) => drained(trace).length)).toEqual([1, 0]);
  });

  it("throws no-cpu when all are in use, and works when one is given back", () => {
    const hypervisor = world.boot({ cpus: 1 });
    const other = world.adopt(Hypervisor.join(hypervisor.handle()));
    hypervisor.attach({ current: false });
    expect(refusal(() => other.attach()).code).toBe("no-cpu");
    expect(other.cpu).toBeUndefined();
    hypervisor.close();
    expect(other.attach().index).toBe(0);
  });

  it("throws no-memory when the buffers of a trace do not fit, and gives the CPU back", async () => {
    const hypervisor = world.boot({ memoryBytes: 4 * 65536, cpus: 2 });
    const dom0 = hypervisor.dom0();
    hypervisor.attach({ current: false });
    const trace = dom0.createTrace("large", { subbufBytes: 32768, subbufCount: 4 });
    const other = world.adopt(Hypervisor.join(hypervisor.handle()));
    expect(refusal(() => other.attach()).code).toBe("no-memory");
    trace.destroy();
    expect(await dom0.settled(5000)).toBe(true);
    expect(other.attach({ current: false }).index).toBe(1);
  });

  it("gives the CPU back when a facility of the thread is refused", async () => {
    const hypervisor = world.boot({ cpus: 2 });
    const dom0 = hypervisor.dom0();
    hypervisor.attach();
    const trace = dom0.createTrace("a");
    facility("clash", { here: { n: u32 } });
    const thread = await world.spawn(hypervisor, "thread-clash");
    expect(thread.messages).toEqual([{ code: "facility-differs", attached: false }]);
    hypervisor.close();
    const next = world.adopt(Hypervisor.join(hypervisor.handle())).dom0();
    next.openTrace(trace.name).destroy();
    expect(next.settle(), "no CPU is left that does not answer").toBe(true);
  });
});

describe("reap", () => {
  it("gives back the CPUs of a thread and of those that it started", () => {
    const hypervisor = world.boot({ cpus: 8 });
    const attach = (tid: number, parent: number) => {
      const joined = world.adopt(Hypervisor.join(hypervisor.handle()));
      return joined.attach({ tid, parent, current: false }).index;
    };
    expect([attach(10, 1), attach(11, 10), attach(12, 11), attach(20, 1)]).toEqual([0, 1, 2, 3]);
    expect(hypervisor.reap(99)).toBe(0);
    expect(hypervisor.reap(10)).toBe(3);
    expect(hypervisor.reap(10)).toBe(0);
    expect([attach(30, 1), attach(31, 1), attach(32, 1), attach(33, 1)]).toEqual([0, 1, 2, 4]);
  });
});

describe("reap, by a thread that is neither dom0 nor a CPU", () => {
  it("takes a dead thread's CPU and its place as dom0", () => {
    const hypervisor = world.boot({ cpus: 1 });
    const other = world.adopt(Hypervisor.join(hypervisor.handle()));
    other.attach({ tid: 10, current: false });
    other.dom0(10);
    expect(hypervisor.reap(10)).toBe(1);
    expect(hypervisor.dom0().closed).toBe(false);
    expect(hypervisor.attach({ current: false }).index).toBe(0);
  });
});

describe("close", () => {
  it("ends being dom0 and a CPU, and may be called twice", () => {
    const hypervisor = world.boot();
    const other = world.adopt(Hypervisor.join(hypervisor.handle()));
    const dom0 = hypervisor.dom0();
    const cpu = hypervisor.attach();
    hypervisor.close();
    hypervisor.close();
    expect([dom0.closed, cpu.detached]).toEqual([true, true]);
    expect(other.dom0().closed).toBe(false);
  });

  it("is what Symbol.dispose calls", () => {
    const hypervisor = world.boot();
    const cpu = hypervisor.attach();
    (hypervisor as unknown as Disposable)[Symbol.dispose]();
    expect(cpu.detached).toBe(true);
  });
});

describe("two hypervisors in one process", () => {
  it("do not disturb each other", () => {
    const worlds = [world.boot(), world.boot()].map((hypervisor) => {
      const dom0 = hypervisor.dom0();
      const trace = dom0.createTrace("same", { events: "boot_test" });
      trace.start();
      return { hypervisor, dom0, trace };
    });
    worlds.forEach(({ hypervisor }, i) => {
      const cpu = hypervisor.attach();
      for (let n = 0; n <= i; n++) app.step({ n });
      cpu.detach();
    });
    expect(worlds.map(({ dom0, trace }) => decode(dom0, drained(trace)).length)).toEqual([1, 2]);
    worlds[0]?.trace.destroy();
    expect(worlds[1]?.trace.info().active).toBe(true);
  });

  it("record dom0's operations on their own CPU only", () => {
    const [first, second] = [world.boot(), world.boot()];
    const [dom0, other] = [first.dom0(), second.dom0()];
    // Not mem: reading the trace maps its frames.
    const seen = other.createTrace("seen", { events: "dom0op,core" });
    seen.start();
    second.attach();
    // This thread's tracepoints write to the second one; dom0 of the first one is at work.
    const trace = dom0.createTrace("a");
    trace.start();
    trace.stop();
    trace.destroy();
    dom0.mapForeignRange(1, 1).unmap();
    expect(drained(seen)).toEqual([]);
    other.createTrace("b");
    const names = decode(other, drained(seen)).map(({ event }) => event);
    expect(names).toEqual(["xen_dom0op:dom0op_enter_base", "xen_dom0op:dom0op_leave_base"]);
  });
});
