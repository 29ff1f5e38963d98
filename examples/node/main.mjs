// A program that records itself and two worker threads, and writes the trace when they are done.
//
//   node main.mjs [DIR]

import { Worker } from "node:worker_threads";
import { facility, Hypervisor, u32 } from "tbuf";
import { CtfWriter, reapWorkers } from "tbuf/node";

const dir = process.argv[2] ?? "tbuf-trace-node";
const pool = facility("pool", { job: { worker: u32, job: u32 } });

const hypervisor = Hypervisor.boot();
const dom0 = hypervisor.dom0();
hypervisor.attach();
reapWorkers(hypervisor); // the CPUs of threads that end, or are terminated, can be used again

const trace = dom0.createTrace("pool", { events: "pool" });
trace.start();

const ended = [1, 2].map((number) => {
  const workerData = { handle: hypervisor.handle(), number };
  const worker = new Worker(new URL("./worker.mjs", import.meta.url), { workerData });
  for (let job = 0; job < 1000; job++) pool.job({ worker: number, job });
  return new Promise((resolve, reject) => worker.once("exit", resolve).once("error", reject));
});
await Promise.all(ended);

trace.stop();
await trace.stopped();
const out = new CtfWriter({ dir, dom0 });
let records = 0;
trace.drain((packet) => {
  out.write(packet);
  records += packet.records;
});
out.finish(trace.losses());
hypervisor.close();
console.log(`${records} records in ${dir}`);
