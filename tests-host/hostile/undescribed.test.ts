// A facility whose description was overwritten goes on recording: its records stop no reader of the files, and are
// told as lost.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import * as layout from "../../assembly/public/layout.js";
import { TraceFiles } from "../../src/ctf/index.js";
import { facility, field, Hypervisor, label, u32 } from "../../src/index.js";
import { CtfWriter, readTraceDir } from "../../src/node/index.js";
import { Memory } from "../lib/memory.js";
import { itWith } from "../lib/peers.js";
import { babeltrace, freshDir, total } from "../lib/record.js";
import { useWorld } from "../lib/world.js";

const world = useWorld();
const known = facility("described", { tick: [field("n", u32)] });
// With labels, each packet is walked for their texts.
facility("labelled", { mark: [field("text", label)] });
const lost = facility("undescribed", { tick: [field("n", u32)] });

/** A trace in which each full sub-buffer has five ticks, and the description of some is overwritten. */
function recorded(ticks: readonly ((n: number) => void)[]) {
  world.scribbled();
  const hypervisor = world.boot({ cpus: 2, memoryBytes: 1 << 20 });
  const memory = new Memory(hypervisor);
  const probe = Hypervisor.join(hypervisor.handle());
  probe.attach().detach();
  const first = hypervisor.dom0();
  const at = first.facilities().findIndex(({ definition }) => definition.name === "undescribed");
  first.close();
  const slot = memory.control(layout.CTL_FACILITIES_AT + at * 4);
  memory.words[(slot + layout.FACILITY_FIRST_AT) / 4] = 0xffffffff;
  const dom0 = hypervisor.dom0();
  const trace = dom0.createTrace("t", { subbufBytes: 64, subbufCount: 16 });
  const cpu = probe.attach();
  trace.start();
  for (const [n, tick] of ticks.entries()) tick(n);
  cpu.detach();
  return { dom0, trace };
}

const FIVE = [0, 1, 2, 3, 4];
const sequence = [
  ...FIVE.map(() => known.tick),
  known.tick,
  known.tick,
  lost.tick,
  known.tick,
  lost.tick,
  ...FIVE.map(() => lost.tick),
  ...FIVE.map(() => known.tick),
  known.tick,
];

describe("records of a facility that is not described", () => {
  itWith("babeltrace2")("are left out of the files, and told as lost", async () => {
    const { dom0, trace } = recorded(sequence);
    expect(dom0.hasUnknownEvents).toBe(true);
    const dir = join(freshDir(), "trace");
    const writer = new CtfWriter({ dir, dom0 });
    const packets = trace.drain((packet) => writer.write(packet), { partial: false });
    expect(packets).toBe(4);
    writer.finish(trace.losses());
    const read = await babeltrace(dir);
    expect(read.code).toBe(0);
    expect(total(read, "described:tick")).toBe(12);
    const { summary } = readTraceDir(dir);
    expect(summary.total).toMatchObject({ records: 12, discarded: 8 });
  });

  it("are left out of files in memory as well", () => {
    const { dom0, trace } = recorded(sequence);
    const out = new TraceFiles({ dom0 });
    trace.drain((packet) => out.write(packet), { partial: false });
    const dir = freshDir();
    mkdirSync(dir, { recursive: true });
    for (const [name, bytes] of out.finish()) writeFileSync(join(dir, name), bytes);
    expect(readTraceDir(dir).summary.total).toMatchObject({ records: 12, discarded: 8 });
  });
});
