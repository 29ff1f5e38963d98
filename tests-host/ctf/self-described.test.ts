// Writers that have dom0 describe each facility and clock before the first packet that may need it.

import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openTraceFiles, readClocks, TraceFiles } from "../../src/ctf/index.js";
import { type Dom0, facility, field, type Hypervisor, type Trace, u32 } from "../../src/index.js";
import { CtfWriter, countEvents } from "../../src/node/index.js";
import { itWith } from "../lib/peers.js";
import { babeltrace, freshDir } from "../lib/record.js";
import { useWorld } from "../lib/world.js";

const world = useWorld();
const itRead = itWith("babeltrace2");
let names = 0;

/** Records three times, each time also an event of a facility that was not there before. */
function record(hypervisor: Hypervisor, dom0: Dom0, write: (trace: Trace) => void): void {
  const trace = dom0.createTrace("t", { events: "self*" });
  trace.start();
  for (let round = 0; round < 3; round++) {
    // The last round on the same CPU with another clock.
    const cpu = hypervisor.attach(round === 2 ? { clock: "caller" } : {});
    facility(`self${names++}`, { step: [field("n", u32)] }).step(round);
    write(trace);
    cpu.detach();
  }
  trace.destroy();
}

describe("a writer that has dom0", () => {
  itRead("leaves a trace on a disk that others read, without a call of describe", async () => {
    const hypervisor = world.boot();
    const dom0 = hypervisor.dom0();
    const dir = join(freshDir(), "trace");
    const out = new CtfWriter({ dir, dom0 });
    const counts: number[] = [];
    record(hypervisor, dom0, (trace) => {
      trace.drain((packet) => out.write(packet));
      // A program that dies now leaves what can be read.
      counts.push(countEvents(dir).size);
    });
    expect(counts).toEqual([1, 2, 3]);
    out.finish();
    expect([...countEvents(dir).values()]).toEqual([1, 1, 1]);
    expect(await babeltrace(dir)).toMatchObject({ code: 0, stderr: "" });
  });

  it("leaves one in memory, with the clock that each CPU had last", () => {
    const hypervisor = world.boot();
    const dom0 = hypervisor.dom0();
    const out = new TraceFiles({ dom0 });
    record(hypervisor, dom0, (trace) => trace.drain((packet) => out.write(packet)));
    const files = out.finish();
    const entries = [...openTraceFiles(files).entries()];
    expect(entries.map((entry) => entry.kind === "record" && entry.fields.n)).toEqual([0, 1, 2]);
    const text = new TextDecoder().decode(files.get("metadata"));
    expect(readClocks(text)).toEqual(dom0.clocks());
    expect(readClocks(text)).toMatchObject([{ cpu: 0, clock: "caller" }]);
  });

  it("declares losses also when dom0 was closed", () => {
    const hypervisor = world.boot();
    const dom0 = hypervisor.dom0();
    const out = new TraceFiles({ dom0 });
    record(hypervisor, dom0, (trace) => trace.drain((packet) => out.write(packet)));
    hypervisor.close();
    const files = out.finish([{ cpu: 0, discarded: 7 }]);
    const lost = [...openTraceFiles(files).entries()].filter(({ kind }) => kind === "loss");
    expect(lost).toMatchObject([{ cpu: 0, records: 7 }]);
  });
});
