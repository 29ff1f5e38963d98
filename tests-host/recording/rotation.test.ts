// A recording whose size on disk is bounded: each part is a trace, nothing is lost between two, and each says who its
// threads are.

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { facility, field, string, u32 } from "../../src/index.js";
import { attachThread, openTraceDir, record } from "../../src/node/index.js";
import { mergeStreams, type TraceEntry } from "../../src/trace/index.js";
import { itWith } from "../lib/peers.js";
import { babeltrace, freshDir, total } from "../lib/record.js";

const app = facility("rotation", { step: [field("n", u32), field("text", string)] });
const TEXT = "x".repeat(200);
const MAX = 262_144;
const code = (code: string) => expect.objectContaining({ name: "TraceError", code });

async function steps(count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    app.step(n, TEXT);
    if (n % 200 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

function entriesIn(dir: string): TraceEntry[] {
  const source = openTraceDir(dir);
  return [...mergeStreams(source.streams)];
}

const numbers = (entries: readonly TraceEntry[]): unknown[] =>
  entries.flatMap((entry) =>
    entry.kind === "record" && entry.eventClass.name === "rotation:step" ? [entry.fields.n] : [],
  );
const namesIn = (entries: readonly TraceEntry[]): unknown[] =>
  entries.flatMap((entry) =>
    entry.kind === "record" && entry.eventClass.name === "core:domain_info"
      ? [entry.fields.name]
      : [],
  );
const sizeOf = (dir: string): number =>
  readdirSync(dir).reduce((sum, name) => sum + statSync(join(dir, name)).size, 0);
const partsOf = (dir: string): string[] => readdirSync(dir).sort((a, b) => Number(a) - Number(b));

describe("record({ dir, maxBytes, maxFiles })", () => {
  itWith("babeltrace2")("keeps the newest parts, each a whole trace below the limit", async () => {
    const dir = join(freshDir(), "trace");
    const recording = record({ dir, maxBytes: MAX, maxFiles: 3, bytes: 65_536, env: { a: 1 } });
    attachThread(recording.hypervisor, { name: "the main one" });
    await steps(6000);
    await recording.stop();
    const parts = partsOf(dir);
    expect(parts).toHaveLength(3);
    expect(Number(parts[0])).toBeGreaterThan(1);
    const seen: unknown[] = [];
    for (const part of parts) {
      const path = join(dir, part);
      expect(sizeOf(path)).toBeLessThanOrEqual(MAX);
      const entries = entriesIn(path);
      seen.push(...numbers(entries));
      expect(openTraceDir(path).schema.environment).toMatchObject({ a: 1, part: Number(part) });
      expect((await babeltrace(path)).stderr).toBe("");
    }
    const first = Number(seen[0]);
    expect(seen, "no record is missing between parts").toEqual(
      Array.from({ length: 6000 - first }, (_, i) => first + i),
    );
    expect(total(await babeltrace(dir), "rotation:step")).toBe(seen.length);
  });

  it("says in each part who its threads are", async () => {
    const dir = join(freshDir(), "trace");
    const recording = record({ dir, maxBytes: MAX, bytes: 65_536 });
    recording.hypervisor.cpu?.detach();
    attachThread(recording.hypervisor, { name: "the main one" });
    await steps(3000);
    await recording.stop();
    const parts = partsOf(dir);
    expect(parts.length).toBeGreaterThan(2);
    for (const part of parts) expect(namesIn(entriesIn(join(dir, part)))).toEqual(["the main one"]);
  });

  it("tells each loss once", async () => {
    const dir = join(freshDir(), "trace");
    const recording = record({ dir, maxBytes: MAX, maxFiles: 50, bytes: 16_384 });
    for (let burst = 0; burst < 40; burst++) {
      for (let n = 0; n < 400; n++) app.step(n, TEXT);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await recording.stop();
    const entries = partsOf(dir).flatMap((part) => entriesIn(join(dir, part)));
    const lost = entries.reduce(
      (sum, entry) => sum + (entry.kind === "loss" ? entry.records : 0),
      0,
    );
    expect(lost).toBeGreaterThan(0);
    expect(partsOf(dir).length).toBeGreaterThan(2);
    expect(numbers(entries).length + lost).toBe(16_000);
  });

  it("refuses sizes that cannot be", () => {
    const dir = join(freshDir(), "trace");
    for (const options of [
      { maxBytes: 1000 },
      { maxBytes: 1e6 + 0.5 },
      { maxBytes: MAX, maxFiles: 1 },
      { maxFiles: 3 },
    ]) {
      expect(() => record({ dir, ...options })).toThrow(code("bad-option"));
    }
  });
});
