// Event channels: binding, masking, waiting and polling; no delivered sub-buffer goes unnoticed.

import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type Dom0,
  facility,
  field,
  type Hypervisor,
  join,
  type Packet,
  u32,
  VIRQ_DOM_EXC,
  VIRQ_TBUF,
} from "../../src/index.js";
import { cpuInfo } from "../lib/records.js";
import { sleep, until, useWorld } from "../lib/world.js";

const world = useWorld();
const app = facility("evtchn", { step: [field("n", u32)] });
const code = (code: string) => expect.objectContaining({ name: "TraceError", code });

let hypervisor: Hypervisor;
let dom0: Dom0;

beforeEach(() => {
  hypervisor = world.boot({ cpus: 4 });
  dom0 = hypervisor.dom0();
});

/** Raises VIRQ_DOM_EXC. */
const raise = () => hypervisor.attach({ current: false }).detach();

const ways: [string, { wait: boolean; pollMs: number }][] = [
  ["waiting", { wait: true, pollMs: 60_000 }],
  ["polling", { wait: false, pollMs: 3 }],
];

describe("bindVirq", () => {
  it("returns the port, which is the VIRQ's own number, in whatever order", () => {
    const virqs = [VIRQ_TBUF, VIRQ_DOM_EXC, 0, 23];
    expect([VIRQ_DOM_EXC, VIRQ_TBUF]).toEqual([3, 4]);
    expect(virqs.map((virq) => dom0.bindVirq(virq, () => {}))).toEqual(virqs);
    dom0.unbind(VIRQ_DOM_EXC);
    expect(dom0.bindVirq(9, () => {})).toBe(9);
    expect(dom0.bindVirq(VIRQ_DOM_EXC, () => {})).toBe(VIRQ_DOM_EXC);
  });

  it("refuses a VIRQ that is bound, and takes it again after unbind", () => {
    dom0.bindVirq(VIRQ_TBUF, () => {});
    expect(() => dom0.bindVirq(VIRQ_TBUF, () => {})).toThrow(code("virq"));
    expect(() => dom0.bindVirq(VIRQ_TBUF, () => {})).toThrow("virq=4");
    dom0.unbind(VIRQ_TBUF);
    expect(() => dom0.unbind(VIRQ_TBUF)).toThrow(code("virq"));
    dom0.bindVirq(VIRQ_TBUF, () => {});
  });

  it.each([24, -1, 1.5, 2 ** 32 + 3, Number.NaN])("refuses VIRQ %s", (virq) => {
    expect(() => dom0.bindVirq(virq, () => {})).toThrow(code("virq"));
    expect(() => dom0.bindVirq(virq, () => {})).toThrow(`virq=${virq}`);
    expect(() => dom0.unbind(virq)).toThrow(code("virq"));
    dom0.bindVirq(3, () => {});
  });

  it("shares VIRQ_TBUF with the loops of packets, whichever came first", async () => {
    const trace = dom0.createTrace("a", { events: "evtchn", subbufBytes: 64 });
    trace.start();
    hypervisor.attach();
    dom0.configureEvents({ pollMs: 60_000 });
    for (const first of [true, false]) {
      let calls = 0;
      let packets = 0;
      if (first) dom0.bindVirq(VIRQ_TBUF, () => calls++);
      const abort = new AbortController();
      const loop = (async () => {
        for await (const _ of trace.packets({ signal: abort.signal, pollMs: 60_000 })) packets++;
      })();
      await sleep(1);
      if (!first) dom0.bindVirq(VIRQ_TBUF, () => calls++);
      for (let n = 0; n < 6; n++) app.step(n);
      await until("both", () => calls > 0 && packets > 0, 5000);
      abort.abort();
      await loop;
      calls = 0;
      for (let n = 0; n < 6; n++) app.step(n);
      await until("the handler is still there", () => calls > 0, 5000);
      dom0.unbind(VIRQ_TBUF);
      trace.drain(() => {});
    }
  });
});

describe.each(ways)("a handler, %s", (_name, options) => {
  beforeEach(() => dom0.configureEvents(options));

  it("is called when its VIRQ is raised, and not when another one is", async () => {
    let calls = 0;
    let others = 0;
    dom0.bindVirq(VIRQ_DOM_EXC, () => calls++);
    // VIRQ_TBUF is raised too when a CPU leaves: it may have had something to announce.
    dom0.bindVirq(0, () => others++);
    for (let i = 1; i < 5; i++) {
      const before = calls;
      raise();
      await until("a call", () => calls > before, 5000);
    }
    await sleep(10);
    expect(others).toBe(0);
  });

  it("is called no more after unbind, nor at rest", async () => {
    let calls = 0;
    dom0.bindVirq(VIRQ_DOM_EXC, () => calls++);
    raise();
    await until("a call", () => calls > 0, 5000);
    await sleep(15);
    const before = calls;
    await sleep(15);
    expect(calls).toBe(before);
    dom0.unbind(VIRQ_DOM_EXC);
    raise();
    await sleep(15);
    expect(calls).toBe(before);
  });

  it("is held back while its port is masked, and called at unmask", async () => {
    let calls = 0;
    const port = dom0.bindVirq(VIRQ_DOM_EXC, () => calls++);
    dom0.mask(port);
    raise();
    raise();
    await sleep(20);
    expect(calls).toBe(0);
    dom0.unmask(port);
    await until("the call that was held back", () => calls > 0, 5000);
    await sleep(10);
    expect(calls).toBe(1);
    dom0.mask(port);
    dom0.unmask(port);
    await sleep(10);
    expect(calls, "nothing was pending").toBe(1);
  });

  it("is called again for a raise during its call (I11)", async () => {
    let calls = 0;
    dom0.bindVirq(VIRQ_DOM_EXC, () => {
      if (++calls < 10) raise();
    });
    raise();
    await until("ten calls", () => calls === 10, 5000);
  });

  it("may unbind itself, and bind anew", async () => {
    let calls = 0;
    const again = () => {
      calls++;
      dom0.unbind(VIRQ_DOM_EXC);
      if (calls < 4) dom0.bindVirq(VIRQ_DOM_EXC, again);
    };
    dom0.bindVirq(VIRQ_DOM_EXC, again);
    for (let i = 1; i <= 4; i++) {
      raise();
      await until("a call", () => calls === i, 5000);
    }
    expect(() => dom0.unbind(VIRQ_DOM_EXC)).toThrow(code("virq"));
  });

  it("has seen every delivered sub-buffer when all is at rest (I11)", async () => {
    const trace = dom0.createTrace("a", { events: "evtchn", subbufBytes: 64, subbufCount: 64 });
    trace.start();
    hypervisor.attach();
    let records = 0;
    dom0.bindVirq(VIRQ_TBUF, () => {
      const count = (packet: Packet) => {
        records += packet.records;
      };
      trace.drain(count, { partial: false });
    });
    const bursts = fc.array(fc.tuple(fc.nat(40), fc.boolean()), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(bursts, async (all) => {
        for (const [count, yielding] of all) {
          for (let n = 0; n < count; n++) app.step(n);
          if (yielding) await sleep(0);
        }
        const delivered = () => {
          const { offset, consumed } = cpuInfo(trace, 0);
          return consumed >= offset - (offset % 64);
        };
        await until("the last sub-buffer", delivered, 5000);
        expect(records).toBe(cpuInfo(trace, 0).taken);
      }),
      { numRuns: 40 },
    );
  });

  it("has seen every sub-buffer of threads at full speed once they rest (I11)", async () => {
    const trace = dom0.createTrace("load", { events: "load", subbufBytes: 1024, subbufCount: 8 });
    trace.start();
    dom0.bindVirq(VIRQ_TBUF, () => trace.drain(() => {}, { partial: false }));
    for (let round = 0; round < 3; round++) {
      const threads = [
        await world.spawn(hypervisor, "thread-load"),
        await world.spawn(hypervisor, "thread-load", { data: { batch: 30 } }),
      ];
      await until("records", () => threads.every((thread) => thread.attempts > 500), 5000);
      await Promise.all(threads.map((thread) => thread.stop()));
      const seen = () =>
        trace.info().cpus.every(({ offset, consumed }) => consumed >= offset - (offset % 1024));
      await until("all delivered ones", seen, 5000);
    }
  });
});

describe.each(ways)("a port that any thread may notify, %s", (_name, options) => {
  beforeEach(() => dom0.configureEvents(options));

  it("calls its handler for a notification of this thread, a CPU or not", async () => {
    let calls = 0;
    const port = dom0.allocEvtchn();
    dom0.bindEvtchn(port, () => calls++);
    hypervisor.notify(port);
    await until("a call", () => calls === 1, 5000);
    const member = join(hypervisor.handle());
    member.notify(port);
    await until("a call by a member", () => calls === 2, 5000);
    await sleep(15);
    expect(calls).toBe(2);
  });

  it("keeps a notification that comes before its handler (I11)", async () => {
    let calls = 0;
    const port = dom0.allocEvtchn();
    dom0.bindVirq(VIRQ_DOM_EXC, () => {});
    hypervisor.notify(port);
    raise();
    await sleep(15);
    dom0.bindEvtchn(port, () => calls++);
    await until("the call", () => calls === 1, 5000);
  });

  it("calls again for a notification during its call (I11)", async () => {
    let calls = 0;
    const port = dom0.allocEvtchn();
    dom0.bindEvtchn(port, () => {
      if (++calls < 10) hypervisor.notify(port);
    });
    hypervisor.notify(port);
    await until("ten calls", () => calls === 10, 5000);
  });

  it("is held back while it is masked; many notifications are one call", async () => {
    let calls = 0;
    const port = dom0.allocEvtchn();
    dom0.bindEvtchn(port, () => calls++);
    dom0.mask(port);
    for (let i = 0; i < 5; i++) hypervisor.notify(port);
    await sleep(15);
    expect(calls).toBe(0);
    dom0.unmask(port);
    await until("the call", () => calls > 0, 5000);
    await sleep(15);
    expect(calls).toBe(1);
  });

  it("calls nobody once it is closed, also by its own handler", async () => {
    let calls = 0;
    const port = dom0.allocEvtchn();
    dom0.bindEvtchn(port, () => {
      calls++;
      dom0.closeEvtchn(port);
    });
    hypervisor.notify(port);
    await until("the call", () => calls === 1, 5000);
    expect(() => hypervisor.notify(port)).toThrow(code("port"));
    expect(dom0.allocEvtchn(), "the port is free again").toBe(port);
    dom0.bindEvtchn(port, () => {});
    hypervisor.notify(port);
    await sleep(15);
    expect(calls).toBe(1);
  });

  it("hears every thread: what a thread counted before it notified is seen (I11)", async () => {
    const seen = [0, 0];
    const port = dom0.allocEvtchn();
    const counts = new Int32Array(new SharedArrayBuffer(8));
    dom0.bindEvtchn(port, () => {
      for (const i of [0, 1]) seen[i] = Atomics.load(counts, i);
    });
    const threads = await Promise.all(
      [0, 1].map((index) =>
        world.spawn(hypervisor, "thread-notify", { data: { port, counts, index, times: 2000 } }),
      ),
    );
    await until("all notifications", () => seen.every((count) => count === 2000), 10_000);
    expect(threads).toHaveLength(2);
  });
});

describe("ports", () => {
  it("are eight, and each is given once until it is closed", () => {
    const ports = Array.from({ length: 8 }, () => dom0.allocEvtchn());
    expect(ports).toEqual([24, 25, 26, 27, 28, 29, 30, 31]);
    expect(() => dom0.allocEvtchn()).toThrow(code("ports-full"));
    expect(() => dom0.allocEvtchn()).toThrow("limit=8");
    dom0.closeEvtchn(27);
    expect(dom0.allocEvtchn()).toBe(27);
  });

  it.each([24, 4, 32, -1, 0.5, 2 ** 32 + 24, Number.NaN])(
    "that nobody has, as %s, are refused",
    (port) => {
      dom0.bindVirq(VIRQ_TBUF, () => {});
      for (const refused of [
        () => hypervisor.notify(port),
        () => dom0.bindEvtchn(port, () => {}),
        () => dom0.closeEvtchn(port),
      ]) {
        expect(refused).toThrow(code("port"));
        expect(refused).toThrow(`port=${port}`);
      }
    },
  );

  it("have one handler", () => {
    const port = dom0.allocEvtchn();
    dom0.bindEvtchn(port, () => {});
    expect(() => dom0.bindEvtchn(port, () => {})).toThrow(code("port"));
    expect(() => dom0.bindEvtchn(port, () => {})).toThrow("it has a handler");
  });

  it("are closed when dom0 is, and by configureEvents", () => {
    const port = dom0.allocEvtchn();
    dom0.configureEvents({});
    expect(() => hypervisor.notify(port)).toThrow(code("port"));
    expect(dom0.allocEvtchn()).toBe(port);
    dom0.close();
    expect(() => hypervisor.notify(port)).toThrow(code("port"));
    expect(() => dom0.allocEvtchn()).toThrow(code("closed"));
    expect(hypervisor.dom0().allocEvtchn()).toBe(port);
  });
});

describe("mask and unmask", () => {
  it.each([32, -1, 0.5, 2 ** 31, 2 ** 32, Number.NaN])("refuse port %s", (port) => {
    expect(() => dom0.mask(port)).toThrow(code("port"));
    expect(() => dom0.unmask(port)).toThrow(code("port"));
    expect(() => dom0.mask(port)).toThrow(`port=${port}`);
  });
});

describe("a handler that throws", () => {
  type Listener = NodeJS.UncaughtExceptionListener;
  let others: Listener[] = [];
  const caught: Error[] = [];
  beforeEach(() => {
    // Only this test may see the exception: it is one of its own making.
    others = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    process.on("uncaughtException", (error) => caught.push(error));
  });
  afterEach(() => {
    process.removeAllListeners("uncaughtException");
    for (const listener of others) process.on("uncaughtException", listener);
  });

  it("does not keep others from their calls, nor itself from the next", async () => {
    let calls = 0;
    let others = 0;
    dom0.bindVirq(VIRQ_DOM_EXC, () => {
      calls++;
      throw new Error("mine");
    });
    const trace = dom0.createTrace("a", { events: "evtchn", subbufBytes: 64 });
    trace.start();
    dom0.bindVirq(VIRQ_TBUF, () => others++);
    hypervisor.attach();
    for (let n = 0; n < 6; n++) app.step(n);
    await until("both", () => calls > 0 && others > 0, 5000);
    const before = calls;
    hypervisor.cpu?.detach();
    await until("the next", () => calls > before, 5000);
    expect(caught.map(({ message }) => message)).toContain("mine");
  });
});
