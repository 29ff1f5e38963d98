// Snapshots: all that is there, copied; nothing is consumed and nobody is stopped.

import { conf } from "../facilities.mjs";
import { equal, ok } from "../lib/assert.mjs";
import { checkOrder, cpuInfo, decode, fieldsOf, read } from "../lib/records.mjs";
import { check, threadCheck } from "../lib/suite.mjs";

const numbers = (records) => fieldsOf(records, "conf:tick").map(({ n }) => n);
const range = (from, to) => Array.from({ length: to - from }, (_, i) => from + i);

for (const mode of ["discard", "overwrite"]) {
  check(`snapshots: of a trace in mode ${mode}, twice the same, nothing consumed`, (t) => {
    const { dom0, cpu, trace } = t.record("conf", { subbufBytes: 64, mode });
    for (let n = 0; n < 18; n++) conf.tick(n);
    const first = numbers(decode(dom0, trace.snapshot()));
    const second = numbers(decode(dom0, trace.snapshot()));
    equal([first, second], [range(0, 18), range(0, 18)], "snapshots");
    equal(cpuInfo(trace, cpu.index).taken, 0, "taken");
    equal(numbers(read(dom0, trace)), range(0, 18), "read afterwards");
  });

  check(`snapshots: of an empty trace in mode ${mode} is empty`, (t) => {
    const { trace } = t.record("conf", { mode });
    equal(trace.snapshot(), [], "packets");
    trace.stop();
    equal(trace.snapshot(), [], "packets after stop");
  });
}

check("snapshots: of a flight recorder holds the last records", (t) => {
  const { dom0, trace } = t.record("conf", { subbufBytes: 64, mode: "overwrite" });
  for (let n = 0; n < 10_000; n++) conf.tick(n);
  const packets = trace.snapshot();
  const kept = numbers(decode(dom0, packets));
  equal(kept, range(10_000 - kept.length, 10_000), "records");
  equal(packets.at(-1).discarded + kept.length, 10_000, "overwritten and there");
});

check("snapshots: are copies that stay when the writer goes on", (t) => {
  const { dom0, trace } = t.record("conf", { subbufBytes: 64, mode: "overwrite" });
  for (let n = 0; n < 10; n++) conf.tick(n);
  const packets = trace.snapshot();
  for (let n = 10; n < 1000; n++) conf.tick(n);
  equal(numbers(decode(dom0, packets)), range(0, 10), "records");
  const { buffer } = packets[0].bytes;
  ok(!(typeof SharedArrayBuffer === "function" && buffer instanceof SharedArrayBuffer), "shared");
});

check("snapshots: after a part was read begin with the rest", (t) => {
  const { dom0, trace } = t.record("conf", { subbufBytes: 64, mode: "overwrite" });
  for (let n = 0; n < 7; n++) conf.tick(n);
  read(dom0, trace);
  for (let n = 7; n < 12; n++) conf.tick(n);
  equal(numbers(decode(dom0, trace.snapshot())), range(7, 12), "records");
});

for (const writer of ["wasm", "js"]) {
  threadCheck(
    `snapshots: while a thread overwrites, each is whole (${writer} writer)`,
    async (t) => {
      const { hypervisor, dom0, trace } = t.record("conf", {
        subbufBytes: 1024,
        mode: "overwrite",
      });
      const thread = await t.spawn(hypervisor, { attach: { writer } });
      const flooding = thread.call("flood", { thread: 1 });
      await thread.note("flooding");
      let seen = 0;
      for (let i = 0; i < 60; i++) {
        const records = decode(dom0, trace.snapshot());
        checkOrder(records);
        const own = fieldsOf(records, "conf:pair").map(({ n }) => n);
        // Between two packets records may be missing; within one they follow one another.
        for (let k = 1; k < own.length; k++)
          ok(own[k] > own[k - 1], `${own[k - 1]}, then ${own[k]}`);
        seen += own.length;
        await t.sleep(1);
      }
      thread.stop();
      const { records } = await flooding;
      ok(seen > 0 && records > seen / 60, `${seen} seen of ${records}`);
    },
  );
}
