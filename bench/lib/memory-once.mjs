// What a further CPU, and a further trace for each CPU, take of the hypervisor's memory: frames, which
// can be counted exactly, and what the operating system backs of them, before anything is recorded and
// after the buffers are full. Prints KiB. Needs --expose-gc.
//
// A thread of its own for each CPU would add megabytes of the engine's to every figure. So all CPUs
// are this thread's: it joins as often as there are to be CPUs.

import { facility, field, Hypervisor, u32 } from "tbuf";
import { FRAME_BYTES, SCRATCH_BYTES } from "../../dist/assembly/public/layout.js";

const CPUS = 16;
const TRACES = 4;
const KIB = 1024;

facility("bench", { pair: [field("a", u32), field("b", u32)] });
const hypervisor = Hypervisor.boot({ memoryBytes: 64 * KIB * KIB });
const dom0 = hypervisor.dom0();
// The first CPU registers the facility, and the first trace loads what both need.
hypervisor.attach();
dom0.createTrace("first", { cpus: [] });

function measure() {
  globalThis.gc();
  globalThis.gc();
  const frames = hypervisor.frames();
  return { frames: frames.total - frames.free, rss: process.memoryUsage().rss };
}

const spent = (from, to, each) => ({
  frames: ((to.frames - from.frames) * FRAME_BYTES) / KIB / each,
  rss: (to.rss - from.rss) / KIB / each,
});

const joined = Array.from({ length: CPUS }, () => Hypervisor.join(hypervisor.handle()));
const before = measure();
const cpus = joined.map((each) => each.attach({ current: false }));
const attached = measure();
for (const { binding } of cpus) {
  const at = binding.core.cpu_scratch_at();
  binding.views.bytes.fill(1, at, at + SCRATCH_BYTES);
}
const scratch = measure();
const indices = cpus.map(({ index }) => index);
const traces = Array.from({ length: TRACES }, (_, i) =>
  dom0.createTrace(`bench${i}`, { events: "bench", mode: "overwrite", cpus: indices }),
);
const created = measure();

const { firstEvent } = dom0.facilities().find(({ definition }) => definition.name === "bench");
const [{ subbufBytes, subbufCount }] = traces.map((trace) => trace.info());
// A record has 16 bytes: once round and a little more.
const records = Math.ceil((subbufBytes * subbufCount) / 16) + subbufCount;
for (const trace of traces) trace.start();
for (const { binding } of cpus) {
  for (let i = 0; i < records; i++) binding.core.record2(firstEvent, i, i, i);
}
const full = measure();

const counts = traces.flatMap((trace) => trace.info().cpus);
const perTrace = CPUS * TRACES;
console.log(
  JSON.stringify({
    cpu: spent(before, attached, CPUS),
    cpuFull: spent(before, scratch, CPUS).rss,
    trace: spent(scratch, created, perTrace),
    traceFull: spent(scratch, full, perTrace).rss,
    done: records * perTrace,
    recorded: counts.reduce((sum, count) => sum + count.records, 0),
    discarded: counts.reduce((sum, count) => sum + count.discardedFull + count.discardedBig, 0),
  }),
);
