// What recording leaves on the heap, and what it leaves for the garbage collector: prints bytes per
// record of both. Needs --expose-gc. Overwrite mode, so that no reading comes in between.

import { facility, field, Hypervisor, u32 } from "tbuf";
import { VALUES_MASK, values } from "./values.mjs";

const records = Number(process.argv[2]);
const WARM = 2_000_000;
/** Few enough that their garbage fits the young generation: no collection comes in between. */
const FEW = 20_000;

const { pair } = facility("bench", { pair: [field("a", u32), field("b", u32)] });
const hypervisor = Hypervisor.boot();
hypervisor.attach();
const trace = hypervisor.dom0().createTrace("bench", { events: "bench", mode: "overwrite" });
trace.start();

function record(count) {
  for (let i = 0; i < count; i++) pair(i, values[i & VALUES_MASK]);
}

function growth(count, collect) {
  globalThis.gc();
  globalThis.gc();
  const before = process.memoryUsage().heapUsed;
  record(count);
  collect();
  return (process.memoryUsage().heapUsed - before) / count;
}

record(WARM);
growth(FEW, () => {});
// Bun counts what is on its heap only when it collects.
const garbage = "bun" in process.versions ? undefined : growth(FEW, () => {});
const kept = growth(records, () => {
  globalThis.gc();
  globalThis.gc();
});

const { records: recorded, discardedFull, discardedBig } = trace.info().cpus[0];
const done = WARM + (garbage === undefined ? 1 : 2) * FEW + records;
const discarded = discardedFull + discardedBig;
console.log(JSON.stringify({ kept, garbage, done, recorded, discarded }));
