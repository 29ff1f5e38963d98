// Traces come and go while threads record: nobody waits, and all memory comes back.

import { equal, ok } from "../lib/assert.mjs";
import { checkOrder, decode, drained } from "../lib/records.mjs";
import { threadCheck } from "../lib/suite.mjs";

const ROUNDS = 15;

for (const writer of ["wasm", "js"]) {
  for (const mode of ["discard", "overwrite"]) {
    threadCheck(
      `destroy: ${ROUNDS} traces under load, mode ${mode}, ${writer} writer`,
      async (t) => {
        const { hypervisor, dom0 } = t.start();
        const threads = [];
        for (let i = 0; i < 2; i++) threads.push(await t.spawn(hypervisor, { attach: { writer } }));
        const { free } = hypervisor.frames();
        const flooding = threads.map((each, i) => each.call("flood", { thread: i }));
        await Promise.all(threads.map((each) => each.note("flooding")));
        let seen = 0;
        for (let round = 0; round < ROUNDS; round++) {
          const trace = dom0.createTrace(`t${round}`, { events: "conf", subbufBytes: 1024, mode });
          trace.start();
          const info = () => trace.info().cpus.filter(({ records }) => records > 0).length;
          await t.until("records of both", () => info() === 2);
          const records = decode(dom0, drained(trace));
          checkOrder(records);
          seen += records.length;
          trace.destroy();
        }
        ok(await dom0.settled(5000), "not settled");
        equal(hypervisor.frames().free, free, "free frames");
        ok(seen > 0, "nothing was read");
        for (const each of threads) each.stop();
        for (const { records } of await Promise.all(flooding)) ok(records > 0, "no record");
      },
    );
  }
}

threadCheck("destroy: several traces at once under load, one after the other", async (t) => {
  const { hypervisor, dom0 } = t.start();
  const thread = await t.spawn(hypervisor);
  const { free } = hypervisor.frames();
  const streaming = thread.call("stream", { thread: 0 });
  const create = (i) => {
    const trace = dom0.createTrace(`t${i}`, { events: "conf", subbufBytes: 256 });
    trace.start();
    return trace;
  };
  const alive = Array.from({ length: 8 }, (_, i) => create(i));
  for (let i = 8; i < 40; i++) {
    alive.splice((i * 5) % alive.length, 1)[0].destroy();
    alive.push(create(i));
    if (i % 4 === 0) await t.sleep(1);
  }
  for (const trace of alive) trace.destroy();
  ok(await dom0.settled(5000), "not settled");
  equal(hypervisor.frames().free, free, "free frames");
  thread.stop();
  ok((await streaming).records > 0, "no record");
});

threadCheck("destroy: a thread that sleeps in its event loop answers", async (t) => {
  const { hypervisor, dom0, trace } = t.record("conf");
  const thread = await t.spawn(hypervisor);
  await thread.call("record", { thread: 0, count: 10 });
  trace.destroy();
  ok(await dom0.settled(5000), "not settled");
});

threadCheck(
  "destroy: a thread that is blocked holds the memory, until it is reaped",
  async (t) => {
    const { hypervisor, dom0 } = t.start();
    const thread = await t.spawn(hypervisor);
    thread.call("hang", { thread: 0, count: 1 }).catch(() => {});
    await thread.note("hanging");
    const { free } = hypervisor.frames();
    const trace = dom0.createTrace("t", { events: "conf", subbufBytes: 16384 });
    trace.start();
    trace.destroy();
    equal(await dom0.settled(50), false, "settled");
    ok(hypervisor.frames().free < free, "the memory came back too soon");
    await thread.murder();
    equal(hypervisor.reap(thread.tid), 1, "CPUs that were given back");
    ok(await dom0.settled(5000), "not settled");
    // What the thread's CPU has of its own stays with the CPU.
    equal(hypervisor.frames().free, free, "free frames");
  },
  { needs: ["kill"] },
);
