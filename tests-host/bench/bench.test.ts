// That `npm run bench` measures what it says: every row is there, did its work, and lost nothing. What
// the figures are is not looked at: a brief run on a busy machine tells nothing about them.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Result, type Row, runBench } from "../lib/bench.js";
import { describeWith, itWith } from "../lib/peers.js";

const recording = [
  "record0-precise",
  "record1-precise",
  "record2-precise",
  "record3-precise",
  "record4-precise",
  "record5-precise",
  "record6-precise",
  "record7-precise",
  "record2-coarse",
  "record2-caller",
  "export2-caller",
  "record2-named",
  "string8-precise",
  "string32-precise",
  "string128-precise",
  "string1024-precise",
  "label32-precise",
  "string32-kinds",
  "charcodes-32",
  "encodeinto-32",
  "batch2",
  "wasm-guest-record2",
  "wasm-guest-record2-precise",
  "disabled",
  "disabled-in-trace",
  "traces2-record2-precise",
  "traces3-record2-precise",
  "js-record2-precise",
  "js-record2-coarse",
  "js-record2-caller",
  "js-record7-precise",
  "js-string32-precise",
  "js-batch2",
];
const peers = [
  "ringbuf.js",
  "object-array",
  "performance.mark",
  "diagnostics_channel",
  "pino",
  "otel-span",
];
const sustained = ["sustained-1", "sustained-2"];
const writers = [
  "writers-1",
  "writers-2",
  "writers-2-apart",
  "writers-1-caller",
  "writers-2-caller",
  "writers-2-apart-caller",
  "threads-2-clock",
];
const others = ["drain-file", ...sustained, ...writers, "boot", "heap", "memory"];
const lttng = ["lttng-ust", "sustained-1-lttng", "sustained-2-lttng"];
const timed = ["clock", "clock-held", ...recording, ...peers];

const dir = mkdtempSync(join(tmpdir(), "tbuf-bench-test-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const bench = (...args: string[]) => runBench(process.execPath, ["bench/main.mjs", ...args]);

describeWith("bench")("npm run bench", () => {
  let result: Result;
  let printed = "";
  const row = (id: string) => result.rows.find((each) => each.id === id) as Row;

  beforeAll(() => {
    const file = join(dir, "result.json");
    const { status, stdout, stderr } = bench("--quick", "--json", file);
    expect(stderr).toBe("");
    expect(status).toBe(0);
    printed = stdout;
    result = JSON.parse(readFileSync(file, "utf8")) as Result;
  }, 180_000);

  it("says what it was measured on", () => {
    expect(result.machine).toMatchObject({ cpu: expect.any(String), cpus: expect.any(Number) });
    expect(result.runtime).toEqual({ name: "Node", version: process.versions.node });
  });

  it("has every row, and only those of LTTng-UST may be missing", () => {
    const ids = result.rows.map(({ id }) => id).filter((id) => !lttng.includes(id));
    expect(ids).toEqual([...timed, ...others]);
    const known = [...result.rows, ...result.skipped].map(({ id }) => id);
    expect(known.sort()).toEqual([...timed, ...others, ...lttng].sort());
  });

  it.each(timed)("has nanoseconds and a ratio to the clock: %s", (id) => {
    const { nsPerOp, ratio, of, unit, spread, rounds, value } = row(id);
    expect(of).toBe("clock");
    expect(unit).toBe("ns/op");
    expect(rounds).toHaveLength(1);
    expect(nsPerOp).toBeGreaterThan(0);
    expect(ratio).toBeGreaterThan(0);
    expect(spread).toEqual({ min: value, max: value });
  });

  it("has a figure of its own kind for each of the others", () => {
    expect(row("drain-file")).toMatchObject({ of: "fs.writeSync", unit: "MB/s" });
    expect(row("drain-file").ratio).toBeGreaterThan(0);
    expect(row("boot")).toMatchObject({ of: null, unit: "ms", done: 10 });
    expect(row("boot").value).toBeGreaterThan(0);
    expect(row("heap")).toMatchObject({ of: null, nsPerOp: null, unit: "bytes/record" });
    // Buffer and control block of a CPU with the default sizes, and its part of the trace's frame.
    expect(row("memory")).toMatchObject({ of: null, nsPerOp: null, unit: "KiB" });
    expect(row("memory").value).toBeGreaterThan(256);
    expect(row("memory").value).toBeLessThan(264);
  });

  it.each([...sustained, ...writers])("has millions of operations a second: %s", (id) => {
    const { value, unit, nsPerOp } = row(id);
    expect(value).toBeGreaterThan(0);
    expect(unit).toMatch(/^M (records|readings)\/s$/);
    expect(nsPerOp).toBeNull();
  });

  it.each(writers)("is compared with one thread that reads the clock: %s", (id) => {
    expect(row(id).of).toBe("one thread's clock");
    expect(row(id).ratio).toBeGreaterThan(0);
  });

  it.each([...timed, ...others])("recorded what it claims, and discarded nothing: %s", (id) => {
    const { done, recorded, recordsPerOp, discarded } = row(id);
    expect(done).toBeGreaterThan(0);
    expect(recordsPerOp).toBe(/^(disabled|charcodes|encodeinto)/.test(id) ? 0 : 1);
    const traces = Number(/^traces(\d)/.exec(id)?.[1] ?? 1);
    expect(recorded).toEqual(new Array(traces).fill(done * recordsPerOp));
    expect(discarded).toBe(0);
  });

  itWith("bench", "lttng-sessiond").each(lttng)(
    "has a row of LTTng-UST that lost nothing: %s",
    (name) => {
      // Another daemon of the same user may be running; then there is a reason instead of a row.
      const why = result.skipped.find(({ id }) => id === name)?.why;
      if (why !== undefined) return expect(why).toMatch(/^(no session|not installed|\w+\.c )/);
      const { done, recorded, discarded } = row(name);
      expect(recorded).toEqual([done]);
      expect(discarded).toBe(0);
    },
  );

  it("compares with the project's targets", () => {
    const ids = result.targets.map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining(["record2-precise", "disabled", "heap", "boot"]));
    for (const target of result.targets) expect(target.value).not.toBeNaN();
  });

  it("prints a line for each row", () => {
    const first = printed.split("\n").map((line) => line.split(" ", 1)[0]);
    expect(first).toEqual(expect.arrayContaining(result.rows.map(({ id }) => id)));
  });
});

describeWith("bench")("npm run bench with options", () => {
  it("runs only the rows it was given", () => {
    const file = join(dir, "only.json");
    const { status } = bench("--quick", "--only", "clock,disabled", "--json", file);
    expect(status).toBe(0);
    const { rows } = JSON.parse(readFileSync(file, "utf8")) as Result;
    expect(rows.map(({ id }) => id)).toEqual(["clock", "disabled"]);
  });

  it("refuses a row that it does not know", () => {
    const { status, stderr } = bench("--only", "clock,none");
    expect(status).toBe(2);
    expect(stderr).toContain("no such row: none");
  });
});
