// A writer: a Web Worker that is a CPU, and records at the rate that the page sets.

import { facility, field, join, u32 } from "tbuf";
import { BURST_MS, RATE, STOP } from "./shared.mjs";

const { sample } = facility("page", { sample: [field("n", u32), field("burst", u32)] });

addEventListener("message", async ({ data: { handle, tid, words, clock } }) => {
  const hypervisor = join(handle);
  // A worker's clock began when the worker did: how much later than the page's, dom0 is asked.
  const errorNs = await hypervisor.calibrate();
  const cpu = hypervisor.attach({ tid, clock });
  postMessage({ cpu: cpu.index, errorNs });

  let n = 0;
  let owed = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    if (Atomics.load(words, STOP) !== 0) {
      clearInterval(timer);
      hypervisor.close();
      close();
      return;
    }
    const now = performance.now();
    // At most what a tenth of a second asks for: a worker that was held up does not make up for hours.
    owed += (Atomics.load(words, RATE) * Math.min(now - last, 100)) / 1000;
    last = now;
    const burst = Math.floor(owed);
    owed -= burst;
    for (let i = 0; i < burst; i++) sample(n++, burst);
  }, BURST_MS);
});
