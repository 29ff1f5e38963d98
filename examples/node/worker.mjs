// One thread: joins the hypervisor of the thread that started it, and does its jobs.

import { workerData } from "node:worker_threads";
import { facility, join, u32 } from "tbuf";
import { attachThread } from "tbuf/node";

const pool = facility("pool", { job: { worker: u32, job: u32 } });

const hypervisor = join(workerData.handle);
attachThread(hypervisor);
for (let job = 0; job < 1000; job++) pool.job({ worker: workerData.number, job });
hypervisor.close();
