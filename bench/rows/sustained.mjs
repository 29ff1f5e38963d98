// Records per second that threads can record for seconds on end while all of it goes to files, and
// nothing is lost: writers in workers, and this thread as dom0, which drains the trace into a
// CtfWriter as `tbuf record` does. Where it cannot keep up the writers wait (sustained-writer.mjs), so
// the figure is what the two sides together can do. The time runs from the go to the last write.

import { once } from "node:events";
import { closeSync, fsyncSync, mkdtempSync, openSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { Hypervisor } from "tbuf";
import { CtfWriter, readTraceDir } from "tbuf/node";
import { cpuMsOfThreads } from "../lib/cpu-time.mjs";
import { countByBabeltrace } from "../lib/installed.mjs";
import { cpuNote, MS, MS_QUICK, SUBBUF_BYTES, SUBBUF_COUNT } from "../lib/sustained-common.mjs";

const WARM_MS = 300;
const WARM_MS_QUICK = 50;
const RECORD_BYTES = 16;
/** Sub-buffers that the writers leave alone: one is in the consumer's hands, counted as taken and not
 * given back yet; of one it may have taken a part; and the last word of each holds no record. */
const SPARE = 3;
const LIMIT = (SUBBUF_COUNT - SPARE) * (SUBBUF_BYTES / RECORD_BYTES);
const PERCENT = 100;

async function sustained(writers) {
  const ringBytes = SUBBUF_BYTES * SUBBUF_COUNT;
  // A ring must lie at a multiple of its size, and the first such place is not free.
  const hypervisor = Hypervisor.boot({ memoryBytes: ringBytes * (writers + 1) });
  const dom0 = hypervisor.dom0();
  const taken = new Int32Array(new SharedArrayBuffer(4 * writers));
  const workers = Array.from({ length: writers }, (_, index) => {
    const workerData = { handle: hypervisor.handle(), taken, index, limit: LIMIT };
    return new Worker(new URL("../lib/sustained-writer.mjs", import.meta.url), { workerData });
  });
  const cpus = (await answers(workers)).map(({ cpu }) => cpu);
  const sizes = { subbufBytes: SUBBUF_BYTES, subbufCount: SUBBUF_COUNT };
  const trace = dom0.createTrace("bench", { events: "bench", cpus, ...sizes });
  trace.start();

  /** Lets the writers record for `ms`, and writes all of it to `dir`. */
  async function record(ms, dir) {
    taken.fill(0);
    const out = new CtfWriter({ dir, clock: dom0.clock, clocks: dom0.clocks() });
    const write = (packet) => {
      out.describe(dom0.facilities(), dom0.clocks());
      out.write(packet);
      const index = cpus.indexOf(packet.cpu);
      Atomics.add(taken, index, packet.records);
      Atomics.notify(taken, index);
    };
    const stop = new AbortController();
    const consumed = consume(trace, stop.signal, write);
    const before = cpuMsOfThreads();
    const begin = performance.now();
    for (const worker of workers) worker.postMessage({ ms });
    const answered = await answers(workers);
    stop.abort();
    await consumed;
    while (trace.drain(write) > 0);
    const written = performance.now() - begin;
    const cpuMs = spent(before, cpuMsOfThreads());
    out.finish([]);
    sync(dir);
    const synced = performance.now() - begin;
    const sum = (name) => answered.reduce((total, answer) => total + answer[name], 0);
    return { done: sum("done"), waitedMs: sum("waitedMs"), written, synced, cpuMs };
  }

  let warm = false;
  return {
    close: () => Promise.all(workers.map((worker) => worker.terminate())),
    async round({ quick }) {
      const parent = mkdtempSync(join(tmpdir(), "tbuf-bench-sustained-"));
      try {
        if (!warm) await record(quick ? WARM_MS_QUICK : WARM_MS, join(parent, "warm"));
        warm = true;
        const dir = join(parent, "trace");
        const { done, waitedMs, written, synced, cpuMs } = await record(quick ? MS_QUICK : MS, dir);
        const { total } = readTraceDir(dir).summary;
        // The reader sums up what packets say they hold; babeltrace2 reads each record, which takes
        // longer than the recording did.
        const read = quick ? (countByBabeltrace(dir) ?? total.records) : total.records;
        if (read !== total.records) throw new Error(`babeltrace2 reads ${read} records`);
        const waited = (waitedMs / writers / written) * PERCENT;
        const note = [
          cpuNote(cpuMs, done),
          `waited ${waited.toFixed(1)} %`,
          `with fsync ${(done / synced / 1000).toFixed(2)}`,
        ];
        return {
          value: done / written / 1000,
          note: note.join("; "),
          done,
          recorded: [read],
          discarded: total.discarded + trace.info().cpus.reduce((sum, cpu) => sum + lost(cpu), 0),
          recordsPerOp: 1,
        };
      } finally {
        rmSync(parent, { recursive: true, force: true });
      }
    },
  };
}

async function consume(trace, signal, write) {
  for await (const packet of trace.packets({ signal })) write(packet);
}

/** The next message of each. */
async function answers(workers) {
  return (await Promise.all(workers.map((worker) => once(worker, "message")))).flat();
}

/** What each side has had of the CPUs: the main thread consumes, the others write, or help a writer. */
function spent(before, after) {
  let writers = 0;
  for (const [tid, ms] of after) writers += ms - (before.get(tid) ?? 0);
  const consumer = (after.get(process.pid) ?? 0) - (before.get(process.pid) ?? 0);
  return { writers: writers - consumer, consumer };
}

const lost = ({ discardedFull, discardedBig }) => discardedFull + discardedBig;

function sync(dir) {
  for (const name of readdirSync(dir)) {
    const fd = openSync(join(dir, name), "r");
    fsyncSync(fd);
    closeSync(fd);
  }
}

export const rows = {
  "sustained-1": () => sustained(1),
  "sustained-2": () => sustained(2),
};
