// One thread: joins the hypervisor of the page, and does its jobs.

import { facility, join, u32 } from "tbuf";

const pool = facility("pool", { job: { worker: u32, job: u32 } });

self.onmessage = async ({ data: { handle, number, jobs } }) => {
  const hypervisor = join(handle);
  await hypervisor.calibrate(); // its clock counts from another moment than the page's
  hypervisor.attach();
  for (let job = 0; job < jobs; job++) pool.job({ worker: number, job });
  hypervisor.close();
  postMessage("done");
};
