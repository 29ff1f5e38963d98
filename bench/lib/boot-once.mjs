// One boot in a fresh process: from nothing to the first record. Prints milliseconds, those of
// each step, and records.

import { facility, field, Hypervisor, u32 } from "tbuf";

const { pair } = facility("bench", { pair: [field("a", u32), field("b", u32)] });

const times = [performance.now()];
const lap = () => times.push(performance.now());
const hypervisor = Hypervisor.boot({ memoryBytes: 16 * 1024 * 1024 });
lap();
hypervisor.attach();
lap();
const dom0 = hypervisor.dom0();
lap();
const trace = dom0.createTrace("bench", { events: "bench" });
lap();
trace.start();
pair(1, 2);
lap();
const ms = times.at(-1) - times[0];
const parts = times.slice(1).map((time, i) => time - times[i]);

const { records, discardedFull, discardedBig } = trace.info().cpus[0];
console.log(JSON.stringify({ ms, parts, records, discarded: discardedFull + discardedBig }));
