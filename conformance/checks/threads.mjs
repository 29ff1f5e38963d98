// Workers as CPUs: joining, recording, leaving, and dom0 in another thread.

import { facility, field, u32 } from "tbuf";
import { conf } from "../facilities.mjs";
import { equal, ok, throws } from "../lib/assert.mjs";
import { checkAccounts, checkOrder, cpuInfo, fieldsOf, read } from "../lib/records.mjs";
import { threadCheck } from "../lib/suite.mjs";
import { Thread } from "../lib/thread.mjs";

const range = (to) => Array.from({ length: to }, (_, i) => i);
const ofThread = (records, thread) =>
  fieldsOf(records, "conf:pair")
    .filter((fields) => fields.thread === thread)
    .map(({ n }) => n);

threadCheck("threads: a worker joins, and its records are there", async (t) => {
  const { hypervisor, dom0, cpu, trace } = t.record("conf");
  const thread = await t.spawn(hypervisor);
  await thread.call("record", { thread: 1, count: 100 });
  const records = read(dom0, trace);
  equal(ofThread(records, 1), range(100), "records");
  ok(
    records.every((record) => record.cpu !== cpu.index),
    "on this thread's CPU",
  );
});

threadCheck("threads: four workers at a time, each in its own buffer", async (t) => {
  const { hypervisor, dom0, trace } = t.record("conf", { subbufBytes: 16384 });
  const threads = await Promise.all(range(4).map(() => t.spawn(hypervisor)));
  await Promise.all(threads.map((each, i) => each.call("record", { thread: i, count: 1000 })));
  for (let n = 0; n < 1000; n++) conf.tick(n);
  const records = read(dom0, trace);
  checkOrder(records);
  for (const i of range(4)) equal(ofThread(records, i), range(1000), `records of thread ${i}`);
  equal(new Set(records.map(({ cpu }) => cpu)).size, 5, "CPUs");
  for (const { cpu } of trace.info().cpus) checkAccounts(trace, cpu, 1000);
});

threadCheck("threads: texts of several workers", async (t) => {
  const { hypervisor, dom0, trace } = t.record("conf", {
    subbufBytes: 65536,
    boot: { memoryBytes: 16 << 20 },
  });
  const threads = await Promise.all(range(2).map(() => t.spawn(hypervisor)));
  await Promise.all(threads.map((each) => each.call("texts", { count: 300 })));
  const texts = fieldsOf(read(dom0, trace), "conf:text");
  const expected = (n) => `text ${n} \u00fc`.repeat((n % 7) + 1);
  equal(
    texts.map(({ t: text }) => text),
    [...range(300), ...range(300)].map(expected),
    "texts",
  );
});

threadCheck(
  "threads: one that joins while a trace runs is recorded from its first record",
  async (t) => {
    const { hypervisor, dom0, trace } = t.record("conf");
    const numbers = [];
    for (const i of range(3)) {
      const thread = await t.spawn(hypervisor);
      await thread.call("record", { thread: i, count: 5 });
      await thread.call("detach");
      numbers.push(ofThread(read(dom0, trace), i));
    }
    equal(numbers, [range(5), range(5), range(5)], "records");
  },
);

threadCheck("threads: one that is there before the trace is recorded by it", async (t) => {
  const { hypervisor, dom0 } = t.start();
  const thread = await t.spawn(hypervisor);
  const trace = dom0.createTrace("late", { events: "conf" });
  await thread.call("record", { thread: 1, count: 5 });
  trace.start();
  await thread.call("record", { thread: 1, from: 5, count: 5 });
  trace.stop();
  await trace.stopped();
  await thread.call("record", { thread: 1, from: 10, count: 5 });
  equal(ofThread(read(dom0, trace), 1), [5, 6, 7, 8, 9], "records");
});

threadCheck("threads: a CPU that was left is taken by the next, with its counts", async (t) => {
  const { hypervisor, dom0, trace } = t.record("conf");
  const first = await t.spawn(hypervisor);
  await first.call("record", { thread: 1, count: 10 });
  const { cpu } = hypervisor.threadsOf(first.tid)[0];
  await first.call("detach");
  const second = await t.spawn(hypervisor);
  equal(hypervisor.threadsOf(second.tid)[0].cpu, cpu, "its CPU");
  await second.call("record", { thread: 2, count: 10 });
  equal(cpuInfo(trace, cpu).records, 20, "records");
  const records = read(dom0, trace);
  checkOrder(records);
  equal([ofThread(records, 1), ofThread(records, 2)], [range(10), range(10)], "records");
});

threadCheck("threads: cpus of createTrace selects workers", async (t) => {
  const { hypervisor, dom0, cpu } = t.start();
  const thread = await t.spawn(hypervisor);
  const trace = dom0.createTrace("t", { events: "conf", cpus: [cpu.index + 1] });
  trace.start();
  conf.pair(0, 1);
  await thread.call("record", { thread: 1, count: 3 });
  equal(
    fieldsOf(read(dom0, trace), "conf:pair").map((each) => each.thread),
    [1, 1, 1],
  );
});

threadCheck("threads: a facility that a worker defines can be read here", async (t) => {
  const { hypervisor, dom0 } = t.start();
  const trace = dom0.createTrace("t", { events: "worker facility" });
  trace.start();
  const thread = await t.spawn(hypervisor);
  equal(await thread.call("define", { name: "worker facility", alike: true }), "defined");
  equal(fieldsOf(read(dom0, trace), "worker facility:hit"), [{ n: 7 }], "records");
});

threadCheck("threads: a facility of the same name and other events is refused", async (t) => {
  facility("disputed", { hit: [field("n", u32)] });
  const { hypervisor } = t.start();
  const thread = await t.spawn(hypervisor);
  equal(await thread.call("define", { name: "disputed", alike: false }), "facility-differs");
});

threadCheck("threads: join in a worker refuses what is no handle", async (t) => {
  const handle = t.boot().handle();
  const thread = new Thread(t.env, 1);
  t.onEnd(() => thread.kill());
  const { memory: _memory, ...without } = handle;
  equal(await thread.call("tryJoin", { handle: without }), "bad-handle");
  equal(await thread.call("tryJoin", { handle: { ...handle, abi: 1 } }), "abi-mismatch");
  equal(await thread.call("tryJoin", { handle }), "joined");
});

threadCheck("threads: one that joins without dom0 records, and leaves", async (t) => {
  const { hypervisor, dom0, cpu, trace } = t.record("conf");
  const thread = new Thread(t.env, 1);
  t.onEnd(() => thread.kill());
  const data = { handle: hypervisor.handle(), tid: 1, thread: 9, count: 100 };
  const { cpu: index, hasDom0 } = await thread.call("member", data);
  equal(hasDom0, false, "has a dom0");
  ok(index !== cpu.index, "a CPU of its own");
  equal(ofThread(read(dom0, trace), 9), range(100), "numbers");
  equal(hypervisor.threadsOf(1), [], "CPUs that it holds");
});

threadCheck("threads: dom0 is one thread; another takes over when it is closed", async (t) => {
  const { hypervisor, dom0, trace } = t.record("conf");
  const thread = await t.spawn(hypervisor);
  equal(await thread.call("tryDom0"), "dom0-taken", "while this thread is dom0");
  dom0.close();
  throws("closed", () => dom0.openTrace(trace.name));
  equal(await thread.call("tryDom0"), "dom0", "after it was closed");
  throws("dom0-taken", () => hypervisor.dom0());
  await thread.call("control", { operation: "stop", name: "t" });
  conf.tick(1);
  await thread.call("close");
  equal(hypervisor.dom0().openTrace("t").info().cpus[0].records, 0, "records after the stop");
});

threadCheck("threads: dom0 in a worker reads what this thread records", async (t) => {
  const hypervisor = t.boot();
  hypervisor.attach();
  const thread = await t.spawn(hypervisor, { attach: null });
  await thread.call("control", {
    operation: "create",
    name: "remote",
    options: { events: "conf", subbufBytes: 4096 },
  });
  await thread.call("control", { operation: "start", name: "remote" });
  const consuming = thread.call("consume", { name: "remote", event: "conf:tick", count: 500 });
  await thread.note("consuming");
  for (let n = 0; n < 500; n++) {
    conf.tick(n);
    if (n % 50 === 0) await t.sleep(1);
  }
  const { numbers, raised } = await consuming;
  equal(numbers, range(500), "records");
  ok(raised > 0, "no VIRQ was raised");
});

threadCheck("threads: a stop is over when every thread has passed it", async (t) => {
  const { hypervisor, dom0, trace } = t.record("conf", { mode: "overwrite" });
  const threads = await Promise.all(range(2).map(() => t.spawn(hypervisor)));
  const flooding = threads.map((each, i) => each.call("flood", { thread: i }));
  await Promise.all(threads.map((each) => each.note("flooding")));
  trace.stop();
  ok(await trace.stopped(5000), "not stopped");
  const counts = () => trace.info().cpus.map(({ records }) => records);
  const before = counts();
  await t.sleep(20);
  equal(counts(), before, "records after the stop");
  for (const each of threads) each.stop();
  await Promise.all(flooding);
  ok(dom0.settle(), "not settled");
});

threadCheck("threads: exact counts of workers that record while they are read", async (t) => {
  const { hypervisor, dom0, trace } = t.record("conf", { subbufBytes: 1024 });
  const threads = await Promise.all(range(2).map(() => t.spawn(hypervisor)));
  const streaming = threads.map((each, i) => each.call("stream", { thread: i }));
  const seen = [[], []];
  const take = () => {
    for (const { fields } of read(dom0, trace)) seen[fields.thread].push(fields.n);
  };
  const end = performance.now() + 200;
  while (performance.now() < end) {
    take();
    await t.sleep(2);
  }
  for (const each of threads) each.stop();
  const done = await Promise.all(streaming);
  take();
  for (const i of range(2)) {
    const { cpu } = hypervisor.threadsOf(threads[i].tid)[0];
    const { taken } = checkAccounts(trace, cpu, done[i].records);
    equal(taken, seen[i].length, "taken");
    for (let k = 1; k < seen[i].length; k++) ok(seen[i][k] > seen[i][k - 1], "order");
  }
});

threadCheck("threads: threadsOf tells a worker, and whose child it is", async (t) => {
  const { hypervisor } = t.start({ attach: { tid: 1000 } });
  const thread = await t.spawn(hypervisor, { parent: 1000 });
  const own = hypervisor.threadsOf(1000).map(({ tid, parent }) => [tid, parent]);
  equal(
    own,
    [
      [1000, 1000],
      [thread.tid, 1000],
    ],
    "threads",
  );
  equal(hypervisor.threadsOf(4711), [], "threads of nobody");
});
