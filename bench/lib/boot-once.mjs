// One boot in a fresh process: from nothing to the first record. Prints milliseconds and records.

import { facility, field, Hypervisor, u32 } from "tbuf";

const { pair } = facility("bench", { pair: [field("a", u32), field("b", u32)] });

const begin = performance.now();
const hypervisor = Hypervisor.boot({ memoryBytes: 16 * 1024 * 1024 });
hypervisor.attach();
const trace = hypervisor.dom0().createTrace("bench", { events: "bench" });
trace.start();
pair(1, 2);
const ms = performance.now() - begin;

const { records, discardedFull, discardedBig } = trace.info().cpus[0];
console.log(JSON.stringify({ ms, records, discarded: discardedFull + discardedBig }));
