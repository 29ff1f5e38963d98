// Both writers, the Wasm module and the same protocol in JavaScript, leave the same bytes.

import { conf } from "../facilities.mjs";
import { equal, ok } from "../lib/assert.mjs";
import { toBase64 } from "../lib/base64.mjs";
import { goldenBytes } from "../lib/golden-run.mjs";
import { checkOrder, decode, drained } from "../lib/records.mjs";
import { check, threadCheck } from "../lib/suite.mjs";
import { withWriter } from "../lib/writers.mjs";

for (const mode of ["discard", "overwrite"]) {
  check(`writers: both leave the same bytes, mode ${mode}`, (t) => {
    const [wasm, js] = ["wasm", "js"].map((writer) =>
      goldenBytes(t, { writer, mode }).map(toBase64),
    );
    ok(wasm.length > 1, `${wasm.length} packets`);
    equal(js, wasm, "packets");
  });
}

check("writers: a CPU is taken over by the other writer", (t) => {
  const { hypervisor, dom0, cpu, trace } = t.record("conf", { subbufBytes: 256 });
  for (const [round, writer] of ["js", "wasm", "js"].entries()) {
    hypervisor.cpu?.detach();
    const next = hypervisor.attach(withWriter({ writer }));
    equal(next.index, cpu.index, "its CPU");
    for (let n = 0; n < 10; n++) conf.tick(round * 10 + n);
  }
  const records = decode(dom0, drained(trace));
  equal(
    records.map(({ fields }) => fields.n),
    Array.from({ length: 30 }, (_, n) => n),
  );
  checkOrder(records);
});

threadCheck("writers: threads of both kinds in one trace", async (t) => {
  const { hypervisor, dom0, trace } = t.record("conf", { subbufBytes: 65536 });
  const js = await t.spawn(hypervisor, { attach: { writer: "js" } });
  const wasm = await t.spawn(hypervisor);
  await Promise.all([
    js.call("record", { thread: 1, count: 500 }),
    wasm.call("record", { thread: 2, count: 500 }),
  ]);
  const records = decode(dom0, drained(trace));
  checkOrder(records);
  for (const thread of [1, 2]) {
    const own = records.filter(({ fields }) => fields.thread === thread);
    equal(
      own.map(({ fields }) => fields.n),
      Array.from({ length: 500 }, (_, n) => n),
      "numbers",
    );
  }
});
