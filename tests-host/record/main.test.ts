// The main job, end to end: an unmodified program is recorded, and babeltrace2 reads it.

import { join } from "node:path";
import { describe, expect } from "vitest";
import { itWith } from "../lib/peers.js";
import { babeltrace, freshDir, info, record, total } from "../lib/record.js";

const it = itWith("babeltrace2");

type Counts = Record<string, { tick: number; named: number; wide: number }>;

function sumOf(counts: Counts, event: "tick" | "named" | "wide"): number {
  return Object.values(counts).reduce((sum, thread) => sum + thread[event], 0);
}

describe("tbuf record, discard mode", () => {
  it("records a million events of three workers and the main thread, each of them", async () => {
    const dir = join(freshDir(), "trace");
    const env = { TOTAL: "1000000", WORKERS: "3" };
    // 32 MiB a CPU hold all that a thread records here, however slowly dom0 gets its turn.
    const { code, stdout, stderr } = await record(dir, "record-million.mjs", ["-S", "8192"], {
      env,
    });
    expect({ code, stderr: stderr.includes("failed") }).toEqual({ code: 0, stderr: false });
    const counts = JSON.parse(stdout) as Counts;

    const read = await babeltrace(dir);
    expect({ code: read.code, stderr: read.stderr }).toEqual({ code: 0, stderr: "" });
    for (const event of ["tick", "named", "wide"] as const) {
      expect(total(read, `app:${event}`)).toBe(sumOf(counts, event));
    }
    expect(sumOf(counts, "tick") + sumOf(counts, "named") + sumOf(counts, "wide")).toBe(1_000_000);
    expect(total(read, "xen_sched:sched_dom_add")).toBe(5);
    expect(total(read, "xen_sched:sched_dom_rem")).toBe(5);
    expect((await info(dir)).total.discarded).toBe(0);
  });

  it("declares exactly what small buffers lose (I7)", async () => {
    const dir = join(freshDir(), "trace");
    const env = { TOTAL: "1000000", WORKERS: "3" };
    const { code, stdout } = await record(dir, "record-million.mjs", ["-S", "4", "-e", "app"], {
      env,
    });
    expect(code).toBe(0);
    const counts = JSON.parse(stdout) as Counts;
    const recorded = Object.values(counts).map(({ tick, named, wide }) => tick + named + wide);

    const read = await babeltrace(dir);
    expect(read.code).toBe(0);
    expect(lines(read.stderr).every((line) => line.startsWith("WARNING: Tracer"))).toBe(true);
    const { streams, total: all } = await info(dir);
    // Only app events are enabled, so a stream's attempts are one thread's own count.
    const attempted = streams.map(({ records, discarded }) => records + discarded);
    expect(attempted.toSorted()).toEqual(recorded.toSorted());
    const printed = [...read.counts.keys()].reduce((sum, event) => sum + total(read, event), 0);
    expect(printed).toBe(all.records);
    expect(all.discarded).toBeGreaterThan(0);
  });
});

describe("tbuf record, overwrite mode", () => {
  it("keeps the newest records and accounts for all others, per CPU (I5, I7)", async () => {
    const dir = join(freshDir(), "trace");
    const env = { TOTAL: "2000000", WORKERS: "3" };
    const args = ["--mode", "overwrite", "-S", "16", "-e", "app"];
    const { code, stdout } = await record(dir, "record-million.mjs", args, { env });
    expect(code).toBe(0);
    const counts = JSON.parse(stdout) as Counts;
    const recorded = Object.values(counts).map(({ tick, named, wide }) => tick + named + wide);

    // The last record of each thread is a tick with n = 499999.
    const read = await babeltrace(dir, (line) => line.includes("n = 499999 "));
    expect(read.code).toBe(0);
    expect(lines(read.stderr).every((line) => line.startsWith("WARNING: Tracer"))).toBe(true);
    expect(read.kept).toHaveLength(4);
    const { streams, total: all } = await info(dir);
    const attempted = streams.map(({ records, discarded }) => records + discarded);
    expect(attempted.toSorted()).toEqual(recorded.toSorted());
    expect(all.discarded).toBeGreaterThan(0);
    const printed = [...read.counts.keys()].reduce((sum, event) => sum + total(read, event), 0);
    expect(printed).toBe(all.records);
  });
});

describe("tbuf record, a thread that never returns", () => {
  for (const stuck of ["looping", "blocked"]) {
    it(`finds all that a thread had published which is ${stuck} (I12)`, async () => {
      const dir = join(freshDir(), "trace");
      const { code, stdout } = await record(dir, "record-stuck.mjs", [], { env: { STUCK: stuck } });
      expect(code).toBe(0);
      expect(stdout.trim()).toBe("1000");
      const read = await babeltrace(dir);
      expect({ code: read.code, stderr: read.stderr }).toEqual({ code: 0, stderr: "" });
      expect(total(read, "app:tick")).toBe(1000);
    });
  }

  it("finds all that a thread had published when it was terminated while recording (I12)", async () => {
    const dir = join(freshDir(), "trace");
    const env = { STUCK: "terminated" };
    const { code, stdout } = await record(dir, "record-stuck.mjs", ["-S", "32768"], { env });
    expect(code).toBe(0);
    const published = Number(stdout);
    const read = await babeltrace(dir);
    expect({ code: read.code, stderr: read.stderr }).toEqual({ code: 0, stderr: "" });
    // It may have died between publishing a record and saying so.
    expect([published, published + 1]).toContain(total(read, "app:tick"));
    expect(total(read, "xen_sched:sched_dom_rem")).toBe(3);
  });
});

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line.trim() !== "");
}
