// Memory of one thread alone: what pages without cross-origin isolation get, everywhere.

import { Hypervisor, VIRQ_TBUF } from "tbuf";
import { conf, TYPES, types } from "../facilities.mjs";
import { equal, ok, throws } from "../lib/assert.mjs";
import { checkAccounts, fieldsOf, read } from "../lib/records.mjs";
import { check } from "../lib/suite.mjs";

const boot = { shared: false };
const numbers = (records) => fieldsOf(records, "conf:tick").map(({ n }) => n);

check("unshared: nobody can join, and handle says why", (t) => {
  throws("unsupported", () => t.boot(boot).handle(), "not shared");
});

for (const writer of ["wasm", "js"]) {
  for (const mode of ["discard", "overwrite"]) {
    check(`unshared: exact counts, mode ${mode}, ${writer} writer`, (t) => {
      const options = { boot, subbufBytes: 64, mode, attach: { writer } };
      const { dom0, cpu, trace } = t.record("conf", options);
      for (let n = 0; n < 100; n++) conf.tick(n);
      const { still } = checkAccounts(trace, cpu.index, 100);
      const kept = numbers(read(dom0, trace));
      equal([kept.length, kept[0]], [still, mode === "discard" ? 0 : 100 - still], "kept");
    });
  }
}

check("unshared: texts and bytes come back", (t) => {
  const { dom0, trace } = t.record("types", { boot, subbufBytes: 65536 });
  for (const name of ["string", "bytes"]) for (const v of TYPES[name].values) types[name](v);
  const got = read(dom0, trace).map(({ fields }) => fields.v);
  equal(got, [...TYPES.string.values, ...TYPES.bytes.values], "values");
});

check("unshared: VIRQ_TBUF comes by polling", async (t) => {
  const { dom0 } = t.record("conf", { boot, subbufBytes: 64 });
  dom0.configureEvents({ pollMs: 3 });
  let calls = 0;
  dom0.bindVirq(VIRQ_TBUF, () => calls++);
  for (let n = 0; n < 20; n++) conf.tick(n);
  await t.until("the call", () => calls > 0);
});

check("unshared: a stop is over, and destroy gives the memory back", async (t) => {
  const { hypervisor, dom0, trace } = t.record("conf", { boot, subbufBytes: 16384 });
  const { free } = hypervisor.frames();
  conf.tick(1);
  trace.stop();
  ok(await trace.stopped(), "not stopped");
  trace.destroy();
  ok(await dom0.settled(), "not settled");
  ok(hypervisor.frames().free > free, "no frame came back");
});

check("unshared: the coarse clock", async (t) => {
  const { hypervisor, dom0 } = { ...t.start({ ...boot, attach: { current: false } }) };
  hypervisor.cpu.detach();
  const ticker = hypervisor.startTicker({ everyMs: 1 });
  t.onEnd(() => ticker.stop());
  hypervisor.attach({ clock: "coarse" });
  const trace = dom0.createTrace("t", { events: "conf" });
  trace.start();
  conf.tick(1);
  await t.sleep(20);
  conf.tick(2);
  const [first, second] = read(dom0, trace);
  ok(second.timestamp > first.timestamp, `${first.timestamp}, then ${second.timestamp}`);
});

check("unshared: calibrate knows at once that there is one clock", async (t) => {
  equal(await t.boot(boot).calibrate(), 0, "error");
});

check("unshared: two of them in one thread", (t) => {
  const one = t.boot(boot);
  const two = t.boot(boot);
  ok(one !== two && one instanceof Hypervisor, "not two");
  equal([one.attach({ current: false }).index, two.attach().index], [0, 0], "CPUs");
});
