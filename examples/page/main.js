// A page that records itself and two workers, and offers the trace for download. Workers can only join
// where the server sends the headers that isolate the page (docs/embedding.md); the page alone is
// recorded everywhere.

import { capabilities, facility, Hypervisor, u32 } from "tbuf";
import { TraceFiles } from "tbuf/ctf";

const JOBS = 1000;
const pool = facility("pool", { job: { worker: u32, job: u32 } });

const hypervisor = Hypervisor.boot();
const dom0 = hypervisor.dom0();
hypervisor.attach();

const trace = dom0.createTrace("pool", { events: "pool" });
trace.start();
for (let job = 0; job < JOBS; job++) pool.job({ worker: 0, job });

const workers = capabilities.crossThread ? [1, 2] : [];
await Promise.all(workers.map(runWorker));

trace.stop();
await trace.stopped();
const out = new TraceFiles({ dom0, env: { runtime: "page" } });
let records = 0;
trace.drain((packet) => {
  out.write(packet);
  records += packet.records;
});
for (const [name, bytes] of out.finish(trace.losses())) {
  const link = document.createElement("a");
  document.body.append(Object.assign(link, { download: name, textContent: name }));
  link.href = URL.createObjectURL(new Blob([bytes]));
}
document.querySelector("output").value = `${records} records of ${1 + workers.length} threads`;

function runWorker(number) {
  const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  return new Promise((resolve, reject) => {
    worker.onmessage = () => resolve(worker.terminate());
    worker.onerror = reject;
    worker.postMessage({ handle: hypervisor.handle(), number, jobs: JOBS });
  });
}
