// Threads that die: what they had published stays readable, and their CPUs can be used again.

import { VIRQ_TBUF } from "tbuf";
import { equal, ok } from "../lib/assert.mjs";
import { checkOrder, cpuInfo, decode, drained, fieldsOf, read } from "../lib/records.mjs";
import { threadCheck } from "../lib/suite.mjs";

const range = (to) => Array.from({ length: to }, (_, i) => i);
const numbers = (records) => fieldsOf(records, "conf:pair").map(({ n }) => n);

for (const writer of ["wasm", "js"]) {
  threadCheck(
    `death: of a blocked thread: its records are there (${writer} writer)`,
    async (t) => {
      const { hypervisor, dom0, trace } = t.record("conf");
      const thread = await t.spawn(hypervisor, { attach: { writer } });
      thread.call("hang", { thread: 0, count: 50 }).catch(() => {});
      await thread.note("hanging");
      await thread.murder();
      equal(numbers(decode(dom0, trace.snapshot())), range(50), "before the reap");
      equal(hypervisor.reap(thread.tid), 1, "CPUs that were given back");
      equal(numbers(read(dom0, trace)), range(50), "after the reap");
    },
    { needs: ["kill"] },
  );

  threadCheck(
    `death: in the middle of recording: all that was published is whole (${writer} writer)`,
    async (t) => {
      const { hypervisor, dom0, trace } = t.record("conf", {
        subbufBytes: 1024,
        mode: "overwrite",
      });
      for (let round = 0; round < 2; round++) {
        const thread = await t.spawn(hypervisor, { attach: { writer } });
        const { cpu } = hypervisor.threadsOf(thread.tid)[0];
        const before = cpuInfo(trace, cpu).records;
        thread.call("flood", { thread: round }).catch(() => {});
        await t.until("records", () => cpuInfo(trace, cpu).records > before + 2000);
        await thread.murder();
        equal(hypervisor.reap(thread.tid), 1, "CPUs that were given back");
        const packets = drained(trace);
        const records = decode(dom0, packets);
        checkOrder(records);
        const own = records.filter(({ fields }) => fields.thread === round);
        ok(own.length > 0, "none of its records is there");
        const info = cpuInfo(trace, cpu);
        equal(info.taken + info.overwritten, info.records, "accounts");
      }
      ok(await dom0.settled(5000), "not settled");
    },
    { needs: ["kill"] },
  );
}

threadCheck("death: reap of a thread that is not there gives nothing back", (t) => {
  const { hypervisor } = t.start();
  equal(hypervisor.reap(4711), 0, "CPUs");
});

threadCheck(
  "death: a CPU of the dead is used again, and goes on where it was",
  async (t) => {
    const { hypervisor, dom0, trace } = t.record("conf", { boot: { cpus: 2 } });
    for (const round of range(2)) {
      const thread = await t.spawn(hypervisor);
      thread.call("hang", { thread: round, count: 10 }).catch(() => {});
      await thread.note("hanging");
      await thread.murder();
      equal(hypervisor.reap(thread.tid), 1, "CPUs that were given back");
    }
    const records = read(dom0, trace);
    checkOrder(records);
    equal(
      records.map(({ fields }) => fields.thread),
      range(20).map((i) => Math.floor(i / 10)),
    );
  },
  { needs: ["kill"] },
);

threadCheck("death: reap raises VIRQ_TBUF, so that dom0 looks", async (t) => {
  const { hypervisor, dom0 } = t.record("conf");
  dom0.configureEvents({ pollMs: 5 });
  let calls = 0;
  dom0.bindVirq(VIRQ_TBUF, () => calls++);
  const thread = await t.spawn(hypervisor);
  await thread.call("record", { thread: 0, count: 1 });
  await thread.murder();
  const before = calls;
  hypervisor.reap(thread.tid);
  await t.until("the call", () => calls > before);
});

threadCheck("death: a parent is reaped with its children", async (t) => {
  const { hypervisor } = t.start();
  const parent = await t.spawn(hypervisor);
  const child = await t.spawn(hypervisor, { parent: parent.tid });
  await child.murder();
  await parent.murder();
  equal(hypervisor.reap(parent.tid), 2, "CPUs that were given back");
  equal(hypervisor.threadsOf(parent.tid), [], "threads");
});

threadCheck("death: of dom0: the next one finds the traces and their records", async (t) => {
  const hypervisor = t.boot();
  hypervisor.attach();
  const thread = await t.spawn(hypervisor, { attach: { current: true } });
  await thread.call("control", { operation: "create", name: "left", options: { events: "conf" } });
  await thread.call("control", { operation: "start", name: "left" });
  await thread.call("record", { thread: 0, count: 20 });
  await thread.murder();
  hypervisor.reap(thread.tid);
  const dom0 = hypervisor.dom0();
  const trace = dom0.openTrace("left");
  equal(trace.info().active, true, "active");
  equal(numbers(read(dom0, trace)), range(20), "records");
  trace.destroy();
  ok(await dom0.settled(5000), "not settled");
});
