// A program that records itself and two workers, and writes the trace when they are done. Inside of a
// package that has installed tbuf:
//
//   deno run --allow-read=. --allow-write=. --allow-sys=hostname main.ts [DIR]

import { facility, Hypervisor, u32 } from "tbuf";
import { CtfWriter } from "tbuf/node";

const dir = Deno.args[0] ?? "tbuf-trace-deno";
const pool = facility("pool", { job: { worker: u32, job: u32 } });

const hypervisor = Hypervisor.boot();
const dom0 = hypervisor.dom0();
hypervisor.attach();

const trace = dom0.createTrace("pool", { events: "pool" });
trace.start();

const workers = [1, 2].map((number) => {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  const done = new Promise((resolve, reject) => {
    worker.onmessage = resolve;
    worker.onerror = reject;
  });
  worker.postMessage({ handle: hypervisor.handle(), number });
  for (let job = 0; job < 1000; job++) pool.job({ worker: number, job });
  return { worker, done };
});
await Promise.all(workers.map(({ done }) => done));
for (const { worker } of workers) worker.terminate();

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
