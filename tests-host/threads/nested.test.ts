// Workers within workers. Node ends them with the one that started them, without a word of their own,
// and only the outermost one's end is seen: all CPUs of those within it come back then (I9, I12).

import { once } from "node:events";
import { MessageChannel, Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import type { Hypervisor } from "../../src/index.js";
import { reapWorkers } from "../../src/node/index.js";
import { until, useWorld } from "../lib/world.js";

const world = useWorld();
const program = new URL("../fixtures/thread-nest.mjs", import.meta.url);

/** Starts a line of workers, each within the one before it; resolves with the outermost. */
async function nest(hypervisor: Hypervisor, line: readonly string[]): Promise<Worker> {
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(program, {
    workerData: { handle: hypervisor.handle(), line, port: port2 },
    transferList: [port2],
    execArgv: [],
  });
  await once(port1, "message");
  port1.close();
  return worker;
}

describe("a worker that is terminated with workers within it", () => {
  it.each([
    [["cpu", "cpu", "cpu"], 3],
    [["cpu", "detached", "cpu"], 2],
    [["cpu", "none", "cpu"], 2],
    [["none", "none", "cpu"], 1],
    [["none", "detached", "none", "cpu", "cpu"], 2],
  ])("gives back all CPUs, %j (I12)", async (line, cpus) => {
    const hypervisor = world.boot({ cpus: 4 });
    const dom0 = hypervisor.dom0();
    const free = () => hypervisor.frames().free;
    reapWorkers(hypervisor);
    const worker = await nest(hypervisor, line);
    expect(hypervisor.threadsOf(worker.threadId)).toHaveLength(cpus);
    const before = free();
    const trace = dom0.createTrace("a", { subbufBytes: 4096 });
    await worker.terminate();
    trace.destroy();
    expect(await dom0.settled(5000), "nothing is in quarantine").toBe(true);
    expect(free(), "I9").toBe(before);
    expect(hypervisor.threadsOf(0), "CPUs that are held").toEqual([]);
  });

  it("leaves those alone that another worker started", async () => {
    const hypervisor = world.boot({ cpus: 8 });
    reapWorkers(hypervisor);
    const [first, second] = [
      await nest(hypervisor, ["cpu", "none", "cpu"]),
      await nest(hypervisor, ["cpu", "none", "cpu"]),
    ];
    const { threadId } = second;
    await first.terminate();
    await until("two are left", () => hypervisor.threadsOf(0).length === 2);
    expect(hypervisor.threadsOf(threadId)).toHaveLength(2);
    await second.terminate();
    await until("none is left", () => hypervisor.threadsOf(0).length === 0);
  });
});

describe("the number of a worker that has ended", () => {
  it("is -1, and reaps nothing (I2)", async () => {
    const hypervisor = world.boot({ cpus: 4 });
    const worker = await nest(hypervisor, ["cpu"]);
    const { threadId } = worker;
    await worker.terminate();
    expect(worker.threadId).toBe(-1);
    expect(() => hypervisor.reap(worker.threadId)).toThrow(
      "reap: tid must be an integer from 0 to 2147483646, got -1",
    );
    expect(hypervisor.reap(threadId)).toBe(1);
  });
});
