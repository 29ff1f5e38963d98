// Reading a trace: draining, looping over packets, taking snapshots.

import { beforeEach, describe, expect, it } from "vitest";
import { FRAME_BYTES } from "../../assembly/public/layout.js";
import {
  type CreateTraceOptions,
  type Dom0,
  facility,
  field,
  type Hypervisor,
  type Packet,
  type Trace,
  u32,
} from "../../src/index.js";
import { LoadCheck } from "../lib/load.js";
import { Memory } from "../lib/memory.js";
import { cpuInfo, decode, drained, keep, lostOf, stillOf } from "../lib/records.js";
import { sleep, until, useWorld } from "../lib/world.js";

const world = useWorld();
const app = facility("consumer", { step: [field("n", u32)] });

let hypervisor: Hypervisor;
let dom0: Dom0;

beforeEach(() => {
  hypervisor = world.boot({ cpus: 4, memoryBytes: 4 << 20 });
  dom0 = hypervisor.dom0();
  hypervisor.attach();
});

/** Sub-buffers of 64 bytes: five records of 12 bytes each, 4 bytes of padding. */
function started(options: CreateTraceOptions = {}): Trace {
  const trace = dom0.createTrace("a", {
    events: "consumer",
    subbufBytes: 64,
    subbufCount: 4,
    ...options,
  });
  trace.start();
  return trace;
}

let next = 0;
/** Records the next numbers. */
function steps(count: number): void {
  for (let i = 0; i < count; i++) app.step(next++);
}
beforeEach(() => {
  next = 0;
});

const numbers = (packets: readonly Packet[]) =>
  decode(dom0, packets).map(({ fields }) => fields.n as number);
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

describe("losses", () => {
  it.each(["discard", "overwrite"] as const)("are what writers are to be told: %s (I7)", (mode) => {
    const trace = started({ mode });
    steps(7);
    expect(trace.losses()).toEqual([{ cpu: 0, discarded: 0 }]);
    steps(100);
    expect(trace.losses()).toEqual([{ cpu: 0, discarded: lostOf(cpuInfo(trace, 0)) }]);
    const read = drained(trace).reduce((sum, { records }) => sum + records, 0);
    const [{ discarded = 0 } = {}] = trace.losses();
    expect(read + discarded).toBe(107);
  });
});

describe("drain", () => {
  it("gives a packet a sub-buffer, and tells what each holds", () => {
    const trace = started();
    steps(12);
    const packets = drained(trace);
    expect(packets).toMatchObject([
      { cpu: 0, records: 5, partial: false, discarded: 0 },
      { cpu: 0, records: 5, partial: false, discarded: 0 },
      { cpu: 0, records: 2, partial: true, discarded: 0 },
    ]);
    expect(packets.map(({ bytes }) => bytes.length)).toEqual([60, 60, 24]);
    expect(numbers(packets)).toEqual(range(0, 12));
    expect(trace.drain(() => {})).toBe(0);
    steps(1);
    expect(numbers(drained(trace))).toEqual([12]);
  });

  it("leaves the sub-buffer that is being written when it is told to", () => {
    const trace = started();
    steps(7);
    expect(numbers(drained(trace, { partial: false }))).toEqual(range(0, 5));
    expect(drained(trace, { partial: false })).toEqual([]);
    expect(numbers(drained(trace))).toEqual([5, 6]);
  });

  it("goes on in a sub-buffer of which it has read a part", () => {
    const trace = started();
    const seen: number[] = [];
    for (let i = 0; i < 40; i++) {
      steps(1 + (i % 3));
      const packets = drained(trace);
      expect(packets.reduce((sum, { records }) => sum + records, 0)).toBe(1 + (i % 3));
      seen.push(...numbers(packets));
    }
    expect(seen).toEqual(range(0, next));
    expect(cpuInfo(trace, 0)).toMatchObject({ taken: next, records: next });
  });

  it("gives views of the shared buffer in discard mode, and copies in overwrite mode", () => {
    const memory = new Memory(hypervisor);
    const trace = started();
    const { dataMfn } = cpuInfo(trace, 0);
    steps(12);
    trace.drain(({ bytes }) => {
      expect(bytes.buffer).toBe(memory.buffer);
      expect(bytes.byteOffset).toBeGreaterThanOrEqual(dataMfn * FRAME_BYTES);
      expect(bytes.byteOffset + bytes.length).toBeLessThanOrEqual(dataMfn * FRAME_BYTES + 256);
    });
    trace.destroy();
    const flight = started({ mode: "overwrite" });
    steps(12);
    const packets: Packet[] = [];
    flight.drain((packet) => packets.push(packet));
    for (const { bytes } of packets) expect(bytes.buffer).not.toBe(memory.buffer);
    steps(100);
    expect(numbers(packets), "copies stay").toEqual(range(12, 24));
  });

  it("tells what was lost by the end of each packet (I7)", () => {
    const trace = started();
    steps(30);
    const packets = drained(trace);
    expect(numbers(packets)).toEqual(range(0, 20));
    expect(packets.map(({ discarded }) => discarded)).toEqual([0, 0, 0, 10]);
    trace.destroy();
    const flight = started({ mode: "overwrite" });
    steps(32);
    const last = drained(flight);
    expect(numbers(last)).toEqual(range(45, 62));
    expect(last.at(-1)).toMatchObject({ discarded: 15 });
  });

  it("does not lose the packet in which the caller throws, in discard mode", () => {
    const trace = started();
    steps(12);
    for (let i = 0; i < 3; i++) {
      expect(() =>
        trace.drain(() => {
          throw new RangeError("mine");
        }),
      ).toThrow(new RangeError("mine"));
    }
    expect(cpuInfo(trace, 0)).toMatchObject({ taken: 0, consumed: 0 });
    let calls = 0;
    expect(() =>
      trace.drain(() => {
        if (++calls === 2) throw new Error("mine");
      }),
    ).toThrow("mine");
    expect(cpuInfo(trace, 0).taken).toBe(5);
    expect(numbers(drained(trace))).toEqual(range(5, 12));
  });

  it("reads on with another thread's object, where the first one stopped", () => {
    const trace = started();
    const second = dom0.openTrace("a");
    const seen: number[] = [];
    for (let i = 0; i < 30; i++) {
      steps(1 + (i % 2));
      const packets = drained(i % 3 ? trace : second);
      // Each packet tells as many records as it holds: `decode` counts.
      seen.push(...numbers(packets));
    }
    expect(seen).toEqual(range(0, next));
    expect(cpuInfo(trace, 0)).toMatchObject({ taken: next, records: next });
  });
});

describe("packets", () => {
  it("end when they are told to, and leave the rest in the buffers", async () => {
    const trace = started();
    steps(12);
    const abort = new AbortController();
    const seen: Packet[] = [];
    for await (const packet of trace.packets({ signal: abort.signal, pollMs: 1 })) {
      seen.push(keep(packet));
      abort.abort();
    }
    expect(numbers([...seen, ...drained(trace)])).toEqual(range(0, 12));
    for await (const _ of trace.packets({ signal: AbortSignal.abort() })) throw new Error("read");
  });

  it("come again when the loop was left in them, in discard mode", async () => {
    const trace = started();
    steps(7);
    for await (const packet of trace.packets({ pollMs: 1 })) {
      expect(packet.records).toBe(5);
      break;
    }
    const thrown = (async () => {
      for await (const _ of trace.packets({ pollMs: 1 })) throw new Error("mine");
    })();
    await expect(thrown).rejects.toThrow("mine");
    expect(numbers(drained(trace))).toEqual(range(0, 7));
  });

  it("show a slow event although its sub-buffer is far from full", async () => {
    const trace = started({ subbufBytes: 65536 });
    const abort = new AbortController();
    const arrived: Packet[] = [];
    const loop = (async () => {
      for await (const packet of trace.packets({ signal: abort.signal, pollMs: 20 })) {
        arrived.push(keep(packet));
      }
    })();
    for (let i = 1; i <= 3; i++) {
      steps(1);
      await until("the event", () => arrived.length === i, 5000);
      expect(arrived.at(-1)).toMatchObject({ records: 1, partial: true });
    }
    abort.abort();
    await loop;
    expect(numbers(arrived)).toEqual([0, 1, 2]);
  });

  it("come when a sub-buffer is full, long before the next poll", async () => {
    const trace = dom0.createTrace("load", { events: "load", subbufBytes: 1024 });
    trace.start();
    const abort = new AbortController();
    const arrived: Packet[] = [];
    const loop = (async () => {
      for await (const packet of trace.packets({ signal: abort.signal, pollMs: 60_000 })) {
        arrived.push(keep(packet));
      }
    })();
    await sleep(20);
    await world.spawn(hypervisor, "thread-load", { data: { batch: 20 } });
    await until("three packets", () => arrived.length >= 3, 5000);
    expect(arrived.every(({ partial }) => !partial)).toBe(true);
    abort.abort();
    await loop;
  });

  it("of two traces are read side by side", async () => {
    const options = { events: "consumer", subbufBytes: 64 };
    const traces = ["x", "y"].map((name) => dom0.createTrace(name, options));
    const abort = new AbortController();
    const seen = traces.map((): Packet[] => []);
    const loops = traces.map(async (trace, i) => {
      trace.start();
      for await (const packet of trace.packets({ signal: abort.signal, pollMs: 5 })) {
        seen[i]?.push(keep(packet));
      }
    });
    for (let i = 0; i < 20; i++) {
      steps(3);
      await sleep(1);
    }
    await until("all", () => seen.every((packets) => numbers(packets).length === 60));
    abort.abort();
    await Promise.all(loops);
    for (const packets of seen) expect(numbers(packets)).toEqual(range(0, 60));
  });
});

describe("snapshot", () => {
  it.each(["discard", "overwrite"] as const)("consumes nothing (%s)", (mode) => {
    const trace = started({ mode });
    steps(12);
    const before = cpuInfo(trace, 0);
    const first = trace.snapshot();
    expect(trace.snapshot()).toEqual(first);
    expect(numbers(first)).toEqual(range(0, 12));
    expect(cpuInfo(trace, 0)).toEqual(before);
    expect(numbers(drained(trace))).toEqual(range(0, 12));
    expect(trace.snapshot()).toEqual([]);
    steps(2);
    expect(numbers(trace.snapshot())).toEqual([12, 13]);
  });

  it("is a copy, also in discard mode", () => {
    const trace = started();
    steps(12);
    const packets = trace.snapshot();
    trace.drain(() => {});
    steps(20);
    expect(numbers(packets)).toEqual(range(0, 12));
  });

  it("begins where dom0 has stopped to read, within a sub-buffer too", () => {
    const trace = started();
    for (let i = 0; i < 10; i++) {
      steps(3);
      expect(numbers(trace.snapshot())).toEqual(range(next - 3, next));
      expect(numbers(drained(trace))).toEqual(range(next - 3, next));
    }
  });

  it("holds the newest of a stopped flight recorder, as many as fit", () => {
    const trace = started({ mode: "overwrite" });
    steps(1000);
    trace.stop();
    const held = numbers(trace.snapshot());
    expect(held).toEqual(range(1000 - held.length, 1000));
    expect(held.length).toBe(stillOf(cpuInfo(trace, 0)));
    expect(held.length + lostOf(cpuInfo(trace, 0)), "I7").toBe(1000);
  });

  it.each([
    [1024, 4],
    [65536, 4],
    [16384, 64],
  ])(
    "of a thread at full speed is in order and whole, %i bytes %i times (I3, I8)",
    async (...shape) => {
      const [subbufBytes, subbufCount] = shape;
      const trace = dom0.createTrace("load", {
        mode: "overwrite",
        events: "load",
        subbufBytes,
        subbufCount,
      });
      trace.start();
      const thread = await world.spawn(hypervisor, "thread-load");
      await until("a start", () => thread.attempts > 1000);
      const end = performance.now() + 300;
      let unhurried = 0;
      let snapshots = 0;
      for (; performance.now() < end; snapshots++) {
        const before = thread.attempts;
        const packets = trace.snapshot();
        const during = thread.attempts - before;
        const check = new LoadCheck(dom0);
        for (const packet of packets) check.packet(packet);
        // A record has some 21 bytes. Where the thread has gone round meanwhile, all of it is gone.
        if (during * 24 > (subbufCount - 1) * subbufBytes) continue;
        expect(check.of(thread.cpu).last, "the newest").toBeGreaterThanOrEqual(before - 1);
        unhurried++;
      }
      expect(snapshots).toBeGreaterThan(2);
      if (subbufBytes > 1024) expect(unhurried).toBeGreaterThan(0);
      expect(trace.info().corrupt).toEqual([]);
      expect(cpuInfo(trace, thread.cpu).taken).toBe(0);
    },
  );
});
