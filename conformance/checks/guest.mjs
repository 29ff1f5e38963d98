// A Wasm guest that records by itself.

import { defineFacility, field, string, u32 } from "tbuf";
import { guestImports } from "tbuf/guest";
import { equal, throws } from "../lib/assert.mjs";
import { GUEST } from "../lib/guest.mjs";
import { checkAccounts, fieldsOf, read } from "../lib/records.mjs";
import { check, threadCheck } from "../lib/suite.mjs";

const squares = defineFacility("guest", { square: [field("i", u32), field("square", u32)] });
const expected = (times) => Array.from({ length: times }, (_, i) => ({ i, square: i * i }));

async function guestOf(cpu) {
  const { instance } = await WebAssembly.instantiate(GUEST.slice(), guestImports(cpu, [squares]));
  return instance.exports;
}

for (const writer of ["wasm", "js"]) {
  check(`guest: records from Wasm to Wasm, ${writer} writer`, async (t) => {
    const { dom0, cpu, trace } = t.record("guest", { attach: { writer } });
    const guest = await guestOf(cpu);
    guest.run(100);
    equal(fieldsOf(read(dom0, trace), "guest:square"), expected(100), "records");
  });
}

check("guest: what is lost is counted", async (t) => {
  const { cpu, trace } = t.record("guest", { subbufBytes: 64 });
  const guest = await guestOf(cpu);
  guest.run(50);
  equal(checkAccounts(trace, cpu.index, 50).discardedFull, 38, "discarded");
});

check("guest: nothing is recorded while no trace wants it", async (t) => {
  const { dom0, cpu, trace } = t.record("conf");
  const guest = await guestOf(cpu);
  guest.run(5);
  const own = dom0.createTrace("own", { events: "guest", subbufBytes: 256 });
  own.start();
  guest.run(3);
  own.stop();
  guest.run(2);
  checkAccounts(trace, cpu.index, 0);
  checkAccounts(own, cpu.index, 3);
});

check("guest: numbers of events, and -1 for what is none", (t) => {
  const { dom0, cpu } = t.start();
  const { event, enabled } = guestImports(cpu, [squares]).tbuf;
  const known = dom0.facilities().find(({ definition }) => definition.name === "guest");
  equal(event(0, 0), known.firstEvent, "the first event");
  equal([event(0, 1), event(1, 0), event(-1, 0)], [-1, -1, -1], "what is none");
  equal(enabled(event(0, 0)), 0, "enabled");
});

check("guest: refuses events that are no words, and a CPU that has gone", (t) => {
  const { cpu } = t.start();
  const texts = defineFacility("guest texts", { text: [field("t", string)] });
  throws("bad-option", () => guestImports(cpu, [texts]), "guest texts:text");
  cpu.detach();
  throws("closed", () => guestImports(cpu, [squares]));
});

threadCheck("guest: in a worker", async (t) => {
  const { hypervisor, dom0, trace } = t.record("guest");
  const thread = await t.spawn(hypervisor);
  await thread.call("guest", { times: 20 });
  equal(fieldsOf(read(dom0, trace), "guest:square"), expected(20), "records");
});
