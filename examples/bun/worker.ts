// One thread: joins the hypervisor of the thread that started it, and does its jobs.

import { facility, type HypervisorHandle, join, u32 } from "tbuf";

interface Job {
  handle: HypervisorHandle;
  number: number;
}

const pool = facility("pool", { job: { worker: u32, job: u32 } });

globalThis.onmessage = async ({ data }: MessageEvent<Job>) => {
  const hypervisor = join(data.handle);
  await hypervisor.calibrate(); // its clock counts from another moment than the main thread's
  hypervisor.attach();
  for (let job = 0; job < 1000; job++) pool.job({ worker: data.number, job });
  hypervisor.close();
  postMessage("done");
};
