// Three threads at full speed, and dom0 reading meanwhile: every record is whole, and what was
// attempted is accounted for to the last record (I3, I4, I7, I8).

import { describe, expect, it } from "vitest";
import type { CreateTraceOptions, Trace, TraceMode } from "../../src/index.js";
import { LoadCheck } from "../lib/load.js";
import { cpuInfo, lostOf, stillOf } from "../lib/records.js";
import type { Thread } from "../lib/thread.js";
import { sleep, useWorld } from "../lib/world.js";

const world = useWorld();
const RUN_MS = 400;

/** Three threads record into a new trace; dom0 does `reading` again and again. */
async function run(
  options: CreateTraceOptions,
  reading: (trace: Trace, check: LoadCheck) => void,
  pauseMs = 1,
) {
  const hypervisor = world.boot({ memoryBytes: 32 << 20, cpus: 4 });
  const dom0 = hypervisor.dom0();
  const trace = dom0.createTrace("load", { events: "load", ...options });
  trace.start();
  const threads: Thread[] = [];
  for (let i = 0; i < 3; i++) threads.push(await world.spawn(hypervisor, "thread-load"));
  const check = new LoadCheck(dom0);
  const end = performance.now() + RUN_MS;
  while (performance.now() < end) {
    reading(trace, check);
    await sleep(pauseMs);
  }
  const cpus = threads.map(({ cpu }) => cpu);
  await Promise.all(threads.map((thread) => thread.stop()));
  return { hypervisor, dom0, trace, check, threads, cpus };
}

type Run = Awaited<ReturnType<typeof run>>;

function expectClosedCounts({ trace, check, threads }: Run, mode: TraceMode): void {
  for (const thread of threads) {
    const info = cpuInfo(trace, thread.cpu);
    const stream = check.of(thread.cpu);
    expect(thread.attempts).toBeGreaterThan(1000);
    expect(info.taken + stillOf(info) + lostOf(info), "I7").toBe(thread.attempts);
    expect(info.records + info.discardedFull + info.discardedBig, "I7").toBe(thread.attempts);
    expect(stream.records).toBe(info.taken);
    expect(info.discardedBig).toBe(0);
    if (mode === "discard") expect(info.overwritten).toBe(0);
  }
}

function expectDrained({ trace, check, threads }: Run): void {
  trace.drain(check.packet);
  for (const thread of threads) {
    const info = cpuInfo(trace, thread.cpu);
    const stream = check.of(thread.cpu);
    expect(stillOf(info)).toBe(0);
    expect(stream.records + lostOf(info), "I7").toBe(thread.attempts);
    // Every number that is not there was lost: before the last record, or after it.
    expect(stream.missing + thread.attempts - stream.last).toBe(lostOf(info));
    expect(stream.discarded).toBe(lostOf(info));
  }
  expect(trace.info().corrupt).toEqual([]);
}

const geometries: [string, CreateTraceOptions][] = [
  ["2 sub-buffers of 256 bytes", { subbufBytes: 256, subbufCount: 2 }],
  ["4 sub-buffers of 4 KiB", { subbufBytes: 4096, subbufCount: 4 }],
  ["8 sub-buffers of 256 KiB", { subbufBytes: 262144, subbufCount: 8 }],
];

for (const mode of ["discard", "overwrite"] as const) {
  describe(`three threads at full speed, ${mode} mode`, () => {
    it.each(geometries)("account for every record attempted, in %s (I7)", async (_name, shape) => {
      const done = await run({ mode, ...shape }, (trace, check) => trace.drain(check.packet));
      expectClosedCounts(done, mode);
      expectDrained(done);
      expectClosedCounts(done, mode);
    });

    it("account for every record when only full sub-buffers are read (I7)", async () => {
      const done = await run({ mode, subbufBytes: 1024, subbufCount: 4 }, (trace, check) => {
        trace.drain(check.packet, { partial: false });
      });
      expectClosedCounts(done, mode);
      expectDrained(done);
    });

    it("account for every record when nobody reads until the end (I7)", async () => {
      const done = await run({ mode, subbufBytes: 1024, subbufCount: 4 }, () => {}, 50);
      for (const thread of done.threads) {
        const info = cpuInfo(done.trace, thread.cpu);
        expect(info.taken).toBe(0);
        expect(stillOf(info)).toBeGreaterThan(0);
        expect(stillOf(info) + lostOf(info), "I7").toBe(thread.attempts);
      }
      expectDrained(done);
    });

    it("are read through the loop of packets as well (I7)", async () => {
      const hypervisor = world.boot({ cpus: 4 });
      const dom0 = hypervisor.dom0();
      const trace = dom0.createTrace("load", { events: "load", mode, subbufBytes: 8192 });
      trace.start();
      const threads: Thread[] = [];
      for (let i = 0; i < 3; i++) threads.push(await world.spawn(hypervisor, "thread-load"));
      const check = new LoadCheck(dom0);
      const abort = new AbortController();
      const reading = (async () => {
        for await (const packet of trace.packets({ signal: abort.signal })) check.packet(packet);
      })();
      await sleep(RUN_MS);
      await Promise.all(threads.map((thread) => thread.stop()));
      abort.abort();
      await reading;
      const done = { hypervisor, dom0, trace, check, threads, cpus: [] };
      expectClosedCounts(done, mode);
      expectDrained(done);
    });
  });
}

describe("several traces of one thread", () => {
  it("each account for every record attempted (I7)", async () => {
    const hypervisor = world.boot({ cpus: 2 });
    const dom0 = hypervisor.dom0();
    const traces = (["discard", "overwrite"] as const).map((mode) =>
      dom0.createTrace(mode, { events: "load", mode, subbufBytes: 2048 }),
    );
    for (const trace of traces) trace.start();
    const thread = await world.spawn(hypervisor, "thread-load");
    const checks = traces.map(() => new LoadCheck(dom0));
    const read = () => traces.forEach((trace, i) => void trace.drain((p) => checks[i]?.packet(p)));
    const end = performance.now() + RUN_MS;
    while (performance.now() < end) {
      read();
      await sleep(1);
    }
    await thread.stop();
    read();
    traces.forEach((trace, i) => {
      const info = cpuInfo(trace, thread.cpu);
      expect(checks[i]?.of(thread.cpu).records).toBe(info.taken);
      expect(info.taken + lostOf(info), "I7").toBe(thread.attempts);
    });
  });
});
