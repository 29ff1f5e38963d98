// A trace that is recorded right now, as a source of entries.

import { describe, expect, it } from "vitest";
import { CtfSink, MemoryFiles, openTraceFiles } from "../../src/ctf/index.js";
import { facility, liveSource, u32 } from "../../src/index.js";
import { mergeStreams, pump, type TraceEntry, type TraceSource } from "../../src/trace/index.js";
import { useWorld } from "../lib/world.js";

const world = useWorld();
const { tick } = facility("live", { tick: { n: u32 } });

/** Two sub-buffers of 64 bytes hold ten ticks; in discard mode the others are lost. */
function recorded(mode: "discard" | "overwrite" = "discard") {
  const hypervisor = world.boot();
  hypervisor.attach();
  const dom0 = hypervisor.dom0();
  const trace = dom0.createTrace("t", { events: "live", mode, subbufBytes: 64, subbufCount: 2 });
  trace.start();
  return { dom0, trace };
}

function ticks(from: number, count: number): void {
  for (let n = from; n < from + count; n++) tick({ n });
}

const read = ({ streams }: TraceSource) => [...mergeStreams(streams)];
const shown = (entries: readonly TraceEntry[]) =>
  entries.map((entry) => (entry.kind === "record" ? entry.fields.n : `${entry.records} lost`));

describe("liveSource", () => {
  it("gives what is recorded since the last look", () => {
    const { dom0, trace } = recorded();
    const source = liveSource(dom0, trace);
    ticks(0, 2);
    const first = read(source);
    expect(shown(first)).toEqual([0, 1]);
    ticks(2, 3);
    const second = read(source);
    expect(shown(second)).toEqual([2, 3, 4]);
    expect(shown(read(source))).toEqual([]);
    const [a, b] = [first[0], second[0]];
    expect(a?.kind === "record" && b?.kind === "record" && a.eventClass === b.eventClass).toBe(
      true,
    );
    expect(source.schema.events).toContain(a?.kind === "record" && a.eventClass);
    expect(source.schema.clock.offsetNs).toBe(dom0.clock.wallNs);
  });

  it("tells each loss once, those after the last record when the trace is stopped", () => {
    const { dom0, trace } = recorded();
    const source = liveSource(dom0, trace);
    ticks(0, 13);
    const first = read(source);
    ticks(20, 1);
    ticks(30, 12);
    const second = read(source);
    trace.stop();
    const all = [...first, ...second, ...read(source)];
    const records = all.filter(({ kind }) => kind === "record").length;
    const lost = all.reduce((sum, entry) => sum + (entry.kind === "loss" ? entry.records : 0), 0);
    expect(records + lost).toBe(26);
    expect(lost).toBe(trace.losses()[0]?.discarded);
    expect(lost).toBeGreaterThan(0);
    expect(all.map(({ timestamp }) => timestamp)).toEqual(
      all.map(({ timestamp }) => timestamp).toSorted((a, b) => Number(a - b)),
    );
    expect(shown(read(source))).toEqual([]);
  });

  it("leaves a snapshot's records where they are", () => {
    const { dom0, trace } = recorded("overwrite");
    const source = liveSource(dom0, trace, { snapshot: true, env: { run: 7 } });
    ticks(0, 3);
    expect(shown(read(source))).toEqual([0, 1, 2]);
    expect(shown(read(source))).toEqual([0, 1, 2]);
    ticks(3, 30);
    const entries = read(source);
    expect(shown(entries).at(-1)).toBe(32);
    const lost = entries.reduce(
      (sum, entry) => sum + (entry.kind === "loss" ? entry.records : 0),
      0,
    );
    expect(lost + entries.filter(({ kind }) => kind === "record").length).toBe(33);
    expect(source.schema.environment).toEqual({ run: 7 });
  });

  it("can be written as CTF", () => {
    const { dom0, trace } = recorded();
    ticks(0, 15);
    trace.stop();
    const files = new MemoryFiles();
    pump(liveSource(dom0, trace), new CtfSink(files));
    const copy = openTraceFiles(files.files());
    expect(shown([...copy.entries()])).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, "5 lost"]);
    expect(copy.metadata.clockOffsetNs).toBe(dom0.clock.wallNs);
    expect(copy.schema.cpuClocks).toEqual(dom0.clocks());
    expect(copy.facilities.some(({ definition }) => definition.name === "live")).toBe(true);
  });
});
