// dom0 of `npm run bench:sources`, in a thread of its own: reads what the program records, and throws it away.

import { parentPort, threadId, workerData } from "node:worker_threads";
import { Hypervisor } from "tbuf";

const hypervisor = Hypervisor.join(workerData);
const dom0 = hypervisor.dom0(threadId);
const trace = dom0.createTrace("bench", {
  events: "all",
  subbufBytes: 1 << 20,
  subbufCount: 8,
});
const stop = new AbortController();
parentPort.once("message", () => stop.abort());
trace.start();
parentPort.postMessage("recording");

let records = 0;
let discarded = 0;
const count = (packet) => {
  records += packet.records;
  discarded = Math.max(discarded, packet.discarded);
};
for await (const packet of trace.packets({ signal: stop.signal, pollMs: 100 })) count(packet);
trace.stop();
await trace.stopped(100);
while (trace.drain(count) > 0);
parentPort.postMessage({ records, discarded });
hypervisor.close();
