// Clocks: precise, coarse and the caller's, and calibration where threads have clocks of their own.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CTL_ASKER_AT } from "../../assembly/public/layout.js";
import { readClocks } from "../../src/ctf/index.js";
import { describeValue } from "../../src/errors.js";
import { facility, field, type Hypervisor, type Trace, u32 } from "../../src/index.js";
import { controlWord } from "../../src/memory/control-page.js";
import { viewsOf } from "../../src/memory/views.js";
import { CtfWriter } from "../../src/node/index.js";
import { itWith } from "../lib/peers.js";
import { babeltrace, freshDir, tbuf, total } from "../lib/record.js";
import { decode, drained } from "../lib/records.js";
import { Thread } from "../lib/thread.js";
import { sleep, until, useWorld } from "../lib/world.js";

const world = useWorld();
const { beat } = facility("clocks", { beat: [field("n", u32)] });
/** Word that fixtures/thread-clock.mjs sets to 2 when it has recorded. */
const BEAT = 8;

function started(hypervisor: Hypervisor): Trace {
  const trace = hypervisor.dom0().createTrace("clocks", { events: "clocks" });
  trace.start();
  return trace;
}

/** Times of the beats of a CPU, in nanoseconds. */
function timesOf(hypervisor: Hypervisor, trace: Trace, cpu: number): number[] {
  const packets = drained(trace).filter((packet) => packet.cpu === cpu);
  return decode(hypervisor.dom0(), packets).map(({ timestamp }) => Number(timestamp));
}

describe("the coarse clock", () => {
  it("stands still between two ticks and moves on with them", async () => {
    const hypervisor = world.boot();
    using ticker = hypervisor.startTicker({ everyMs: 1 });
    const cpu = hypervisor.attach({ clock: "coarse" });
    const trace = started(hypervisor);
    beat(1);
    beat(2);
    await sleep(20);
    beat(3);
    ticker.stop();
    const stopped = performance.now();
    await sleep(10);
    beat(4);
    const [a, b, c, d] = timesOf(hypervisor, trace, cpu.index) as [number, number, number, number];
    expect(b).toBe(a);
    expect(c).toBeGreaterThan(b);
    expect(d).toBeGreaterThanOrEqual(c);
    const { bootMs } = hypervisor.handle().clock;
    expect(d).toBeLessThanOrEqual((stopped - bootMs) * 1e6);
  });

  it("tells the longest step that its ticker has made", async () => {
    const hypervisor = world.boot();
    using _ticker = hypervisor.startTicker({ everyMs: 5 });
    hypervisor.attach({ clock: "coarse" });
    const dom0 = hypervisor.dom0();
    const [promised] = dom0.clocks();
    expect(promised).toMatchObject({ cpu: 0, clock: "coarse", errorNs: 0 });
    expect(promised?.resolutionNs).toBeGreaterThanOrEqual(5_000_000);
    const end = performance.now() + 30;
    while (performance.now() < end);
    await sleep(10);
    expect(dom0.clocks()[0]?.resolutionNs).toBeGreaterThanOrEqual(30_000_000);
  });

  it("is kept fresh by a thread that only ticks, while the others are busy", async () => {
    const hypervisor = world.boot();
    const trace = started(hypervisor);
    const thread = await world.spawn(hypervisor, "thread-ticker", { data: { everyMs: 1 } });
    const cpu = hypervisor.attach({ clock: "coarse" });
    beat(1);
    const end = performance.now() + 30;
    while (performance.now() < end);
    beat(2);
    const [first = 0, second = 0] = timesOf(hypervisor, trace, cpu.index);
    expect(second - first).toBeGreaterThan(5_000_000);
    expect(await thread.stop()).toBe(0);
    cpu.detach();
    expect(() => hypervisor.attach({ clock: "coarse" })).toThrow(
      /needs a ticker; call startTicker/,
    );
  });

  it.each([0, -1, 1001, Number.NaN, "1"])("refuses everyMs=%s", (everyMs) => {
    const hypervisor = world.boot();
    const start = () => hypervisor.startTicker({ everyMs: everyMs as number });
    expect(start).toThrow(
      `startTicker: everyMs must be a number of milliseconds above 0 and up to 1000, got ${describeValue(everyMs)}`,
    );
  });
});

describe("the caller's clock", () => {
  it("gives every record the time that was set, and never an earlier one (I8)", () => {
    const hypervisor = world.boot();
    const cpu = hypervisor.attach({ clock: "caller" });
    const trace = started(hypervisor);
    const { bootMs } = hypervisor.handle().clock;
    for (const ms of [1, 1, 2.5, 0.5, 3]) {
      cpu.setTime(bootMs + ms);
      beat(1);
    }
    const times = timesOf(hypervisor, trace, cpu.index).map((ns) => Math.round(ns / 1e5) / 10);
    expect(times).toEqual([1, 1, 2.5, 2.5, 3]);
    expect(hypervisor.dom0().clocks()).toEqual([
      { cpu: 0, clock: "caller", resolutionNs: 0, errorNs: 0 },
    ]);
  });

  it("can be an object of the program's", () => {
    const hypervisor = world.boot();
    const { bootMs } = hypervisor.handle().clock;
    let ms = 0;
    const cpu = hypervisor.attach({ clock: { now: () => bootMs + ++ms } });
    const trace = started(hypervisor);
    beat(1);
    beat(2);
    expect(timesOf(hypervisor, trace, cpu.index).map((ns) => Math.round(ns / 1e6))).toEqual([1, 2]);
  });

  it("refuses what is no time, and to be set on another clock", () => {
    const hypervisor = world.boot();
    const cpu = hypervisor.attach({ clock: "caller" });
    expect(() => cpu.setTime(Number.NaN)).toThrow("setTime: now=NaN is no time in milliseconds");
    cpu.detach();
    const other = hypervisor.attach();
    expect(() => other.setTime(1)).toThrow(/only a CPU attached with clock: "caller"/);
  });

  it("refuses a clock that is none", () => {
    const hypervisor = world.boot();
    const attach = () => hypervisor.attach({ clock: "fine" as never });
    expect(attach).toThrow(/attach: clock must be "precise", "coarse", "caller"/);
    expect(hypervisor.cpu).toBeUndefined();
  });
});

describe("calibration", () => {
  /** A thread's beat between two of main's, by the times in the trace. */
  async function between(data: Record<string, unknown>) {
    const hypervisor = world.boot();
    const main = hypervisor.attach();
    const trace = started(hypervisor);
    const thread = await world.spawn(hypervisor, "thread-clock", { data });
    beat(1);
    thread.post("beat");
    await until("beat", () => Atomics.load(thread.words, BEAT) === 2);
    beat(2);
    const packets = drained(trace);
    const times = (cpu: number) =>
      decode(
        hypervisor.dom0(),
        packets.filter((packet) => packet.cpu === cpu),
      ).map(({ timestamp }) => Number(timestamp));
    const [before = 0, after = 0] = times(main.index);
    const [theirs = 0] = times(thread.cpu);
    const clock = hypervisor.dom0().clocks()[thread.cpu];
    const [told] = thread.messages as [{ errorNs: number | null; failure: string | null }];
    return { before, theirs, after, clock, told };
  }

  it("puts a thread's times in line with dom0's, within the error that it tells", async () => {
    const told = { apartMs: 12345.678, skewMs: -30_000, calibrate: {} };
    const { before, theirs, after, clock, told: said } = await between(told);
    expect(said.failure).toBeNull();
    const errorNs = clock?.errorNs ?? Number.NaN;
    expect(said.errorNs).toBe(errorNs);
    expect(errorNs).toBeGreaterThan(0);
    // Much less than the clocks were apart by; how much depends on how busy the machine is.
    expect(errorNs).toBeLessThan(15_000_000_000);
    expect(theirs).toBeGreaterThanOrEqual(before - errorNs);
    expect(theirs).toBeLessThanOrEqual(after + errorNs);
  });

  it("is what was missing: without it such a thread is off, and says that it does not know", async () => {
    const { before, theirs, clock } = await between({ apartMs: 12345.678, skewMs: -30_000 });
    expect(clock?.errorNs).toBeUndefined();
    expect(theirs - before).toBeGreaterThan(20_000_000_000);
  });

  it("is not needed where the clock is the same", async () => {
    const hypervisor = world.boot();
    expect(await hypervisor.calibrate()).toBe(0);
    hypervisor.attach();
    await expect(hypervisor.calibrate()).rejects.toMatchObject({ code: "joined" });
  });

  it("gives up where no dom0 answers", async () => {
    const hypervisor = world.boot();
    const data = { apartMs: 1000, calibrate: { timeoutMs: 50 } };
    const thread = await world.spawn(hypervisor, "thread-clock", { data });
    expect(thread.messages[0]).toMatchObject({ failure: "no-answer", errorNs: null });
  });

  it("goes on after a thread that died while it asked", async () => {
    const hypervisor = world.boot();
    const data = { apartMs: 1000, calibrate: { timeoutMs: 10_000 } };
    const dead = new Thread(hypervisor, "thread-clock", { data, online: true });
    await dead.ready;
    const { words } = viewsOf(hypervisor.handle().memory);
    const asker = () => Atomics.load(words, controlWord(CTL_ASKER_AT));
    await until("it asks", () => asker() !== 0);
    await dead.terminate();
    hypervisor.dom0();
    // Or dom0 would look for its questions for ever.
    await until("dom0 forgets the dead", () => asker() === 0);
    const thread = await world.spawn(hypervisor, "thread-clock", { data });
    expect(thread.messages[0]).toMatchObject({ failure: null });
  });
});

describe("a written trace", () => {
  itWith("babeltrace2")("tells the precision, each CPU's clock, and is read", async () => {
    const hypervisor = world.boot();
    using _ticker = hypervisor.startTicker({ everyMs: 2 });
    hypervisor.attach({ clock: "coarse" });
    const trace = started(hypervisor);
    for (let i = 0; i < 10; i++) beat(i);
    const dom0 = hypervisor.dom0();
    const dir = join(freshDir(), "trace");
    const out = new CtfWriter({ dir, clock: dom0.clock, clocks: dom0.clocks() });
    out.describe(dom0.facilities(), dom0.clocks());
    trace.drain((packet) => out.write(packet));
    out.describe(dom0.facilities(), dom0.clocks());
    out.finish([]);
    const metadata = readFileSync(join(dir, "metadata"), "utf8");
    const precision = Number(/precision = (\d+);/.exec(metadata)?.[1]);
    const [clock] = readClocks(metadata);
    expect(clock).toMatchObject({ cpu: 0, clock: "coarse", errorNs: 0 });
    expect(precision).toBeGreaterThanOrEqual(2_000_000);
    expect(clock?.resolutionNs).toBeGreaterThanOrEqual(precision);
    const read = await babeltrace(dir);
    expect(read.stderr).toBe("");
    expect(total(read, "clocks:beat")).toBe(10);
    const { stdout } = await tbuf(["info", dir]);
    expect(stdout).toContain(
      `cpu 0: coarse clock, resolution ${clock?.resolutionNs} ns, error up to 0 ns`,
    );
  });
});
