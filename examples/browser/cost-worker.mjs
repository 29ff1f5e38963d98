// What a record costs in this browser: each row in turn, in a worker of its own.

import { facility, field, Hypervisor, u32 } from "tbuf";
import { jsWriter } from "tbuf/js-writer";
import { Bench } from "tinybench";

/** Records a batch: long, because the page's clock moves in steps of 5 or 100 microseconds. */
const OPS = 20_000;
const BATCH = 500;

const { pair } = facility("bench", { pair: [field("a", u32), field("b", u32)] });

function world(clock, writer) {
  const hypervisor = Hypervisor.boot({ memoryBytes: 16 << 20, cpus: 1 });
  if (clock === "coarse") hypervisor.startTicker();
  const cpu = hypervisor.attach({ clock, writer: writer === "js" ? jsWriter : undefined });
  const dom0 = hypervisor.dom0();
  const options = { events: "bench", subbufBytes: 1 << 17, subbufCount: 16 };
  const trace = dom0.createTrace("bench", options);
  trace.start();
  return { hypervisor, cpu, trace };
}

// Held, as a CPU holds it: in browsers the global is an accessor, which costs more than the reading.
const held = performance;

const rows = {
  clock: () => () => {
    let sum = 0;
    for (let i = 0; i < OPS; i++) sum += held.now();
    return sum;
  },
  precise: () => () => {
    for (let i = 0; i < OPS; i++) pair(i, i);
  },
  coarse: () => () => {
    for (let i = 0; i < OPS; i++) pair(i, i);
  },
  caller:
    ({ cpu }) =>
    () => {
      cpu.setTime(performance.now());
      for (let i = 0; i < OPS; i++) pair(i, i);
    },
  batch: () => {
    const words = new Int32Array(2 * BATCH);
    return () => {
      for (let i = 0; i < OPS; i += BATCH) {
        for (let j = 0; j < BATCH; j++) {
          words[2 * j] = i + j;
          words[2 * j + 1] = j;
        }
        pair.writeMany(words);
      }
    };
  },
};

addEventListener("message", ({ data: { row, writer } }) => {
  const clock = row === "coarse" || row === "caller" ? row : "precise";
  const made = world(clock, writer);
  const bench = new Bench({ time: 300, warmupTime: 200, throws: true });
  const drain = () => made.trace.drain(() => {}, { partial: false });
  bench.add(row, rows[row](made), { async: false, beforeEach: drain });
  bench.runSync();
  const { discardedFull } = made.trace.info().cpus[0];
  made.hypervisor.close();
  const ns = (bench.tasks[0].result.latency.p50 * 1e6) / OPS;
  postMessage(discardedFull === 0 ? { ns } : { error: `${discardedFull} records were discarded` });
});
