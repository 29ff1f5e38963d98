// Recordings in one call, in memory: what was recorded comes back, and nothing is left behind.

import { afterEach, describe, expect, it } from "vitest";
import { currentBinding } from "../../src/cpu/current.js";
import { openTraceFiles, type TraceEntry } from "../../src/ctf/index.js";
import { facility, flightRecorder, record, TraceError, u32 } from "../../src/index.js";
import type { TraceFileMap } from "../../src/recording/index.js";
import { useWorld } from "../lib/world.js";

const app = facility("easy", { step: { n: u32 } });
const world = useWorld();

function stepsOf(files: TraceFileMap): unknown[] {
  const isStep = (entry: TraceEntry) => entry.kind === "record" && entry.event === "easy:step";
  return [...openTraceFiles(files).entries()]
    .filter(isStep)
    .map((entry) => (entry.kind === "record" ? entry.fields.n : undefined));
}

function refused(call: () => unknown): { code: string; message: string } {
  try {
    call();
  } catch (error) {
    if (error instanceof TraceError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error("it was not refused");
}

afterEach(() => {
  // A recording that has ended leaves this thread as it was before.
  expect(currentBinding()).toBeUndefined();
});

describe("record", () => {
  it("returns every record when it is stopped", async () => {
    const recording = record();
    for (let n = 0; n < 100; n++) app.step({ n });
    expect(stepsOf(await recording.stop())).toEqual(Array.from({ length: 100 }, (_, n) => n));
  });

  it("reads while the program runs, so that more fits than the buffers hold", async () => {
    const recording = record({ bytes: 4096, events: "easy" });
    const wanted: number[] = [];
    for (let round = 0; round < 20; round++) {
      for (let i = 0; i < 100; i++) {
        wanted.push(wanted.length);
        app.step({ n: wanted.length - 1 });
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(stepsOf(await recording.stop())).toEqual(wanted);
  });

  it("records a thread that joins with its handle", async () => {
    const recording = record();
    const thread = await world.spawn(recording.hypervisor, "thread-join");
    await thread.kill();
    const files = await recording.stop();
    expect([...files.keys()].sort()).toEqual(["metadata", "xen_0", "xen_1"]);
  });

  it("may be stopped twice, and records nothing afterwards", async () => {
    const recording = record();
    app.step({ n: 1 });
    const files = await recording.stop();
    app.step({ n: 2 });
    expect(await recording.stop()).toBe(files);
    expect(stepsOf(files)).toEqual([1]);
  });

  it.each([
    ["bytes", { bytes: 511 }, "from 512 to 1073741824, got 511"],
    ["bytes that are not a number", { bytes: "1" as never }, 'got "1" (a string)'],
    ["threads", { threads: 257 }, "from 1 to 256, got 257"],
    [
      "more memory than there can be",
      { bytes: 2 ** 30, threads: 9 },
      "fewer bytes or fewer threads",
    ],
    ["an unknown option", { byte: 4096 } as never, "byte is not known"],
    ["onError", { onError: 5 as never }, "onError must be a function, got number"],
  ])("refuses %s", (_name, options, words) => {
    const { code, message } = refused(() => record(options));
    expect(code).toBe("bad-option");
    expect(message).toContain(words);
  });
});

describe("flightRecorder", () => {
  it("keeps the newest records, and goes on after each save", () => {
    const flight = flightRecorder({ bytes: 4096, events: "easy" });
    for (let n = 0; n < 10_000; n++) app.step({ n });
    const first = stepsOf(flight.save());
    for (let n = 10_000; n < 10_010; n++) app.step({ n });
    const second = stepsOf(flight.save());
    flight.close();
    flight.close();
    expect(first.at(-1)).toBe(9999);
    expect(second.at(-1)).toBe(10_009);
    // Seven of eight sub-buffers are whole: at 16 bytes a record, of 4096 bytes.
    expect(first.length).toBeGreaterThan((4096 / 16) * 0.8);
    expect(first).toEqual(
      Array.from({ length: first.length }, (_, i) => 10_000 - first.length + i),
    );
  });
});
