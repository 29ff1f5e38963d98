// Batches: many records of one event at once.

import { conf } from "../facilities.mjs";
import { equal, throws } from "../lib/assert.mjs";
import { checkAccounts, fieldsOf, read } from "../lib/records.mjs";
import { check, threadCheck } from "../lib/suite.mjs";

const words = (count) => Int32Array.from({ length: count }, (_, i) => i);
const numbers = (records) => fieldsOf(records, "conf:tick").map(({ n }) => n);
const range = (from, to) => Array.from({ length: to - from }, (_, i) => from + i);

for (const writer of ["wasm", "js"]) {
  for (const mode of ["discard", "overwrite"]) {
    check(`batches: 100 records over many sub-buffers, mode ${mode}, ${writer} writer`, (t) => {
      const { dom0, cpu, trace } = t.record("conf", { subbufBytes: 256, mode, attach: { writer } });
      conf.tick.writeMany(words(100));
      const { still, overwritten, discardedFull } = checkAccounts(trace, cpu.index, 100);
      const kept = numbers(read(dom0, trace));
      equal(kept.length, still, "still there");
      equal(still + overwritten + discardedFull, 100, "accounts");
      equal(kept, mode === "discard" ? range(0, still) : range(100 - still, 100), "kept");
    });
  }

  check(`batches: one time for all of them, ${writer} writer`, (t) => {
    const { dom0, trace } = t.record("conf", { attach: { writer } });
    conf.tick.writeMany(words(50));
    const times = new Set(read(dom0, trace).map(({ timestamp }) => timestamp));
    equal(times.size, 1, "times");
  });
}

check("batches: of more than the scratch area holds", (t) => {
  const { dom0, trace } = t.record("conf", { subbufBytes: 65536, boot: { memoryBytes: 8 << 20 } });
  conf.tick.writeMany(words(10_000));
  equal(numbers(read(dom0, trace)), range(0, 10_000), "records");
});

check("batches: of fields of two words, low word first", (t) => {
  const { dom0, trace } = t.record("conf");
  const payload = new ArrayBuffer(32);
  const view = new DataView(payload);
  view.setBigUint64(0, 2n ** 63n + 1n, true);
  view.setFloat64(8, -0.25, true);
  view.setBigUint64(16, 7n, true);
  view.setFloat64(24, 1e300, true);
  conf.wide.writeMany(new Int32Array(payload));
  equal(
    read(dom0, trace).map(({ fields }) => fields),
    [
      { a: 2n ** 63n + 1n, b: -0.25 },
      { a: 7n, b: 1e300 },
    ],
  );
});

check("batches: as many records as are asked for", (t) => {
  const { dom0, trace } = t.record("conf");
  conf.tick.writeMany(words(10), 3);
  conf.tick.writeMany(words(10), 0);
  conf.none.writeMany(new Int32Array(0), 4);
  const records = read(dom0, trace);
  equal(numbers(records), [0, 1, 2], "ticks");
  equal(fieldsOf(records, "conf:none").length, 4, "records without fields");
});

check("batches: words in shared memory, and a part of a larger array", (t) => {
  const { dom0, trace } = t.record("conf");
  const buffer =
    typeof SharedArrayBuffer === "function" ? new SharedArrayBuffer(16) : new ArrayBuffer(16);
  const all = new Int32Array(buffer);
  all.set([5, 6, 7, 8]);
  conf.tick.writeMany(all.subarray(1, 3));
  equal(numbers(read(dom0, trace)), [6, 7], "records");
});

for (const [what, act, message] of [
  ["an event with a string", () => conf.text.writeMany(words(4)), "vary in size"],
  ["what is no Int32Array", () => conf.tick.writeMany([1, 2]), "no Int32Array"],
  ["a Uint32Array", () => conf.tick.writeMany(Uint32Array.of(1)), "no Int32Array"],
  ["half a record", () => conf.pair.writeMany(words(3)), "words.length=3"],
  ["more records than there are", () => conf.pair.writeMany(words(4), 3), "words.length=4"],
]) {
  check(`batches: refuse ${what}`, (t) => {
    const { cpu, trace } = t.record("conf");
    throws("bad-option", act, message);
    checkAccounts(trace, cpu.index, 0);
  });
}

check("batches: nothing is recorded where nobody wants the event", (t) => {
  const { cpu, trace } = t.record("conf:text");
  conf.tick.writeMany(words(5));
  checkAccounts(trace, cpu.index, 0);
});

threadCheck("batches: of a worker, beside those of this thread", async (t) => {
  const { hypervisor, dom0, trace } = t.record("conf", { subbufBytes: 65536 });
  const thread = await t.spawn(hypervisor);
  conf.pair.writeMany(Int32Array.from({ length: 200 }, (_, i) => (i % 2 ? i >> 1 : 0)));
  await thread.call("batch", { thread: 1, count: 100 });
  const records = fieldsOf(read(dom0, trace), "conf:pair");
  for (const thread of [0, 1]) {
    const own = records.filter((each) => each.thread === thread);
    equal(
      own.map(({ n }) => n),
      range(0, 100),
      `of thread ${thread}`,
    );
  }
});
