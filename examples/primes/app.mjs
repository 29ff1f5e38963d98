// Counts primes with a pool of worker threads. It runs as it is with `node app.mjs`; under
// `tbuf record` its threads, timers and the two events it defines are recorded.

import { Worker } from "node:worker_threads";
import { facility, u32 } from "tbuf";

const pool = facility("pool", {
  job_queued: { job: u32, from: u32, to: u32 },
  job_done: { job: u32, worker: u32, primes: u32 },
});

const WORKERS = 3;
const JOBS = 60;
const SPAN = 20_000;

const jobs = Array.from({ length: JOBS }, (_, job) => ({
  job,
  from: job * SPAN,
  to: (job + 1) * SPAN,
}));
for (const each of jobs) pool.job_queued(each);

let primes = 0;
let done = 0;
const progress = setInterval(() => console.log(`${done} of ${JOBS} jobs done`), 50);

/** Gives a worker its next job, or ends it. */
function feed(worker) {
  const next = jobs.shift();
  if (next) worker.postMessage(next);
  else worker.terminate();
}

for (let i = 0; i < WORKERS; i++) {
  const worker = new Worker(new URL("./worker.mjs", import.meta.url));
  const { threadId } = worker;
  worker.on("message", ({ job, found }) => {
    pool.job_done({ job, worker: threadId, primes: found });
    primes += found;
    if (++done === JOBS) {
      clearInterval(progress);
      console.log(`${primes} primes below ${JOBS * SPAN}`);
    }
    feed(worker);
  });
  feed(worker);
}
