// Discard and overwrite, and I7: exact counts of what either loses.

import { conf } from "../facilities.mjs";
import { equal, ok } from "../lib/assert.mjs";
import { checkAccounts, cpuInfo, decode, drained, fieldsOf, read } from "../lib/records.mjs";
import { check } from "../lib/suite.mjs";

const numbers = (records) => fieldsOf(records, "conf:tick").map(({ n }) => n);
const range = (from, to) => Array.from({ length: to - from }, (_, i) => from + i);
/** A tick is 12 bytes. */
const SMALL = { subbufBytes: 64, subbufCount: 4 };

for (const writer of ["wasm", "js"]) {
  const name = (what) => `modes: ${what} (${writer} writer)`;
  const attach = { writer };

  check(name("discard keeps the first records and counts the others"), (t) => {
    const { dom0, cpu, trace } = t.record("conf", { ...SMALL, attach });
    for (let n = 0; n < 100; n++) conf.tick(n);
    // Five to a sub-buffer, as 64 bytes are not to be filled to the end.
    const info = checkAccounts(trace, cpu.index, 100);
    equal([info.still, info.discardedFull, info.overwritten], [20, 80, 0], "accounts");
    equal(numbers(read(dom0, trace)), range(0, 20), "kept");
  });

  check(name("discard goes on once it was read, without a gap in the account"), (t) => {
    const { dom0, cpu, trace } = t.record("conf", { ...SMALL, attach });
    const got = [];
    for (let n = 0; n < 500; n++) {
      conf.tick(n);
      if (n % 37 === 0) got.push(...numbers(read(dom0, trace)));
    }
    got.push(...numbers(read(dom0, trace)));
    const { discardedFull, taken } = checkAccounts(trace, cpu.index, 500);
    equal([taken, taken + discardedFull], [got.length, 500], "accounts");
    ok(discardedFull > 0, "nothing was discarded");
    equal(
      got,
      [...new Set(got)].sort((a, b) => a - b),
      "order",
    );
  });

  check(name("overwrite keeps the last records and counts the others"), (t) => {
    const { dom0, cpu, trace } = t.record("conf", { ...SMALL, mode: "overwrite", attach });
    for (let n = 0; n < 1000; n++) conf.tick(n);
    const { still, overwritten, discardedFull } = checkAccounts(trace, cpu.index, 1000);
    equal([still + overwritten, discardedFull], [1000, 0], "accounts");
    const kept = numbers(read(dom0, trace));
    equal(kept, range(1000 - kept.length, 1000), "kept");
    ok(kept.length >= 15 && kept.length <= 20, `${kept.length} kept`);
  });

  check(name("overwrite, read now and then, loses what it says"), (t) => {
    const { dom0, cpu, trace } = t.record("conf", { ...SMALL, mode: "overwrite", attach });
    const got = [];
    for (let n = 0; n < 1000; n++) {
      conf.tick(n);
      if (n % 53 === 0) got.push(...numbers(read(dom0, trace)));
    }
    const { taken, overwritten, still } = checkAccounts(trace, cpu.index, 1000);
    equal([taken, taken + overwritten + still], [got.length, 1000], "accounts");
  });

  check(name("a record that no sub-buffer can hold is counted as too big"), (t) => {
    const { dom0, cpu, trace } = t.record("conf", { ...SMALL, attach });
    conf.text("x".repeat(100), 1);
    conf.tick(2);
    const { discardedBig } = checkAccounts(trace, cpu.index, 2);
    equal(discardedBig, 1, "too big");
    equal(numbers(read(dom0, trace)), [2], "kept");
  });

  check(name("a text that no record can hold is counted as too big"), (t) => {
    const { cpu, trace } = t.record("conf", { subbufBytes: 65536, attach });
    conf.text("x".repeat(16384), 1);
    conf.text("x".repeat(16384 - 8), 2);
    equal(checkAccounts(trace, cpu.index, 2).discardedBig, 1, "too big");
  });
}

check("modes: a packet tells the records lost before its end", (t) => {
  const { trace } = t.record("conf", SMALL);
  for (let n = 0; n < 30; n++) conf.tick(n);
  const packets = drained(trace);
  equal(
    packets.map(({ records }) => records),
    [5, 5, 5, 5],
    "records of the packets",
  );
  equal(packets.at(-1).discarded, 10, "discarded");
});

check("modes: only what is full is read unless partial is wanted", (t) => {
  const { dom0, trace } = t.record("conf", SMALL);
  for (let n = 0; n < 7; n++) conf.tick(n);
  const full = drained(trace, { partial: false });
  equal(numbers(decode(dom0, full)), range(0, 5), "of full sub-buffers");
  equal(
    full.map(({ partial }) => partial),
    [false],
    "partial",
  );
  const rest = drained(trace);
  equal(numbers(decode(dom0, rest)), [5, 6], "the rest");
  equal(
    rest.map(({ partial }) => partial),
    [true],
    "partial",
  );
});

check("modes: partial reads lose and repeat nothing", (t) => {
  const { dom0, cpu, trace } = t.record("conf", SMALL);
  const got = [];
  for (let n = 0; n < 200; n++) {
    conf.tick(n);
    got.push(...numbers(read(dom0, trace)));
  }
  equal(got, range(0, 200), "records");
  equal(cpuInfo(trace, cpu.index).taken, 200, "taken");
});

check("modes: a packet whose taker throws is read again", (t) => {
  const { dom0, trace } = t.record("conf", SMALL);
  for (let n = 0; n < 3; n++) conf.tick(n);
  let thrown;
  try {
    trace.drain(() => {
      throw new Error("no");
    });
  } catch (error) {
    thrown = error.message;
  }
  equal(thrown, "no", "thrown");
  equal(numbers(read(dom0, trace)), [0, 1, 2], "read again");
});

check("modes: counts stay when a trace is stopped and started again", (t) => {
  const { cpu, trace } = t.record("conf", SMALL);
  for (let n = 0; n < 30; n++) conf.tick(n);
  trace.stop();
  conf.tick(99);
  trace.start();
  conf.tick(30);
  equal(checkAccounts(trace, cpu.index, 31).discardedFull, 11, "discarded");
});
