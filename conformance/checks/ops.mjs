// The seed's operations, with the seed's answers: 0 success, 1 failure.

import { conf } from "../facilities.mjs";
import { equal, ok } from "../lib/assert.mjs";
import { cpuInfo, read } from "../lib/records.mjs";
import { check } from "../lib/suite.mjs";

const SIZE = 1024;

function started(t) {
  const fixture = t.start();
  const { ops } = fixture.dom0;
  equal(ops.create("t", SIZE), 0, "create");
  return { ...fixture, ops };
}

check("ops: create returns 0, and what is there can be asked for", (t) => {
  const { ops } = started(t);
  const info = ops.getInfo("t");
  equal([info.subbufBytes, info.subbufCount, info.mode], [SIZE / 4, 4, "discard"], "sizes");
  equal(info.activeTraces, 0, "active traces");
});

check("ops: create of a name that is taken returns 1 and says so", (t) => {
  const { ops } = started(t);
  equal(ops.create("t", SIZE), 1, "create");
  ok(ops.reason().includes("name exists"), ops.reason());
});

for (const size of [0, 100, 255, 1000, -1, 2 ** 40, Number.NaN]) {
  check(`ops: create of ${size} bytes returns 1`, (t) => {
    const { ops } = started(t);
    equal(ops.create("u", size), 1, "create");
    ok(ops.reason().includes("power of two"), ops.reason());
    equal(ops.getInfo("u"), 1, "get_info");
  });
}

for (const [what, name] of [
  ["no name", ""],
  ["a name of 64 bytes", "n".repeat(64)],
]) {
  check(`ops: ${what} is refused by every operation`, (t) => {
    const { ops } = started(t);
    const calls = [
      ops.create(name, SIZE),
      ops.start(name),
      ops.stop(name),
      ops.destroy(name),
      ops.consume(name, 0, 0),
      ops.getInfo(name),
    ];
    equal(calls, [1, 1, 1, 1, 1, 1], "answers");
  });
}

check("ops: a name of 63 bytes of UTF-8 is taken", (t) => {
  const { ops } = started(t);
  const name = `${"\u00fc".repeat(31)}n`;
  equal([ops.create(name, SIZE), ops.destroy(name)], [0, 0], "answers");
});

check("ops: start and stop return 0, also twice", (t) => {
  const { ops } = started(t);
  equal([ops.start("t"), ops.start("t")], [0, 0], "start");
  equal(ops.getInfo("t").activeTraces, 1, "active traces");
  equal([ops.stop("t"), ops.stop("t")], [0, 0], "stop");
  equal(ops.getInfo("t").activeTraces, 0, "active traces");
});

for (const op of ["start", "stop", "destroy", "getInfo"]) {
  check(`ops: ${op} of an unknown name returns 1`, (t) => {
    const { ops } = started(t);
    equal(ops[op]("nobody"), 1, op);
    ok(ops.reason().includes("no trace"), ops.reason());
  });
}

check("ops: records are taken between start and stop only", (t) => {
  const { ops, dom0 } = started(t);
  conf.tick(1);
  ops.start("t");
  conf.tick(2);
  ops.stop("t");
  conf.tick(3);
  const numbers = read(dom0, dom0.openTrace("t"))
    .filter(({ event }) => event === "conf:tick")
    .map(({ fields }) => fields.n);
  equal(numbers, [2], "recorded");
});

check("ops: destroy returns 0 once, and the name is free again", (t) => {
  const { ops } = started(t);
  equal([ops.destroy("t"), ops.destroy("t")], [0, 1], "destroy");
  equal(ops.create("t", SIZE), 0, "create");
});

check("ops: destroy of an active trace stops it", (t) => {
  const { ops } = started(t);
  ops.start("t");
  conf.tick(1);
  equal(ops.destroy("t"), 0, "destroy");
  conf.tick(2);
  ops.create("u", SIZE);
  equal(ops.getInfo("u").activeTraces, 0, "active traces");
});

check("ops: get_info of a CPU tells its counts, of an unknown one 1", (t) => {
  const { ops, cpu, dom0 } = started(t);
  ops.start("t");
  conf.tick(1);
  const info = ops.getInfo("t", cpu.index);
  ok(info.records > 0 && info.offset > 0 && info.consumed === 0, JSON.stringify(info));
  equal(info, cpuInfo(dom0.openTrace("t"), cpu.index), "the typed face's");
  equal(ops.getInfo("t", 7), undefined, "a CPU that has no buffer");
  equal(ops.getInfo("t", 256), 1, "a CPU that cannot be");
});

check("ops: consume gives a full sub-buffer back, and no other", (t) => {
  const { ops, cpu } = started(t);
  ops.start("t");
  equal(ops.consume("t", cpu.index, 0), 1, "of an open sub-buffer");
  const subbuf = SIZE / 4;
  while (ops.getInfo("t", cpu.index).offset < 2 * subbuf) conf.tick(0);
  equal(ops.consume("t", cpu.index, subbuf), 1, "of what is not the consumed count");
  equal(ops.consume("t", cpu.index, 0), 0, "of the first");
  equal(ops.getInfo("t", cpu.index).consumed, subbuf, "the consumed count");
  equal(ops.consume("t", cpu.index, 0), 1, "of the first again");
  equal(ops.consume("t", cpu.index, subbuf), 0, "of the second");
});

for (const old of [-1, 1.5, Number.NaN, 2 ** 53]) {
  check(`ops: consume at ${old} returns 1`, (t) => {
    const { ops, cpu } = started(t);
    ops.start("t");
    while (ops.getInfo("t", cpu.index).offset < SIZE / 2) conf.tick(0);
    equal(ops.consume("t", cpu.index, old), 1, "consume");
    equal(ops.getInfo("t", cpu.index).consumed, 0, "the consumed count");
  });
}

check("ops: a thread that is dom0 no more gets 1", (t) => {
  const { ops, dom0 } = started(t);
  dom0.close();
  equal([ops.create("u", SIZE), ops.start("t"), ops.destroy("t")], [1, 1, 1], "answers");
  ok(ops.reason().includes("not dom0"), ops.reason());
});
