// VIRQs: waited for without blocking where that is possible, and polled.

import { VIRQ_DOM_EXC, VIRQ_TBUF } from "tbuf";
import { conf } from "../facilities.mjs";
import { equal, ok, throws } from "../lib/assert.mjs";
import { decode, fieldsOf } from "../lib/records.mjs";
import { check, threadCheck } from "../lib/suite.mjs";

const NEVER = 60_000;
/** Waiting: the poll would come too late. Polling: nothing waits. */
const WAYS = [
  ["waitAsync", { wait: true, pollMs: NEVER }, ["waitAsync"]],
  ["polling", { wait: false, pollMs: 3 }, []],
];

/** Fills sub-buffers of 64 bytes. */
function fill(records = 20) {
  for (let n = 0; n < records; n++) conf.tick(n);
}

for (const [way, options, needs] of WAYS) {
  check(
    `virq: VIRQ_TBUF by ${way}, when a sub-buffer is full`,
    async (t) => {
      const { dom0, trace } = t.record("conf", { subbufBytes: 64 });
      dom0.configureEvents(options);
      let calls = 0;
      dom0.bindVirq(VIRQ_TBUF, () => calls++);
      conf.tick(0);
      await t.sleep(20);
      equal(calls, 0, "calls before it is full");
      fill();
      await t.until("the call", () => calls > 0);
      const before = calls;
      trace.drain(() => {});
      fill();
      await t.until("the next call", () => calls > before);
    },
    { needs },
  );

  check(
    `virq: VIRQ_DOM_EXC by ${way}, when a CPU comes and goes`,
    async (t) => {
      const { hypervisor, dom0, cpu } = t.start();
      dom0.configureEvents(options);
      let calls = 0;
      dom0.bindVirq(VIRQ_DOM_EXC, () => calls++);
      cpu.detach();
      await t.until("the call", () => calls > 0);
      const before = calls;
      hypervisor.attach();
      await t.until("the next call", () => calls > before);
    },
    { needs },
  );

  check(
    `virq: a masked port by ${way} is called when it is unmasked`,
    async (t) => {
      const { dom0 } = t.record("conf", { subbufBytes: 64 });
      dom0.configureEvents(options);
      let calls = 0;
      const port = dom0.bindVirq(VIRQ_TBUF, () => calls++);
      dom0.mask(port);
      fill();
      await t.sleep(30);
      equal(calls, 0, "calls while masked");
      dom0.unmask(port);
      await t.until("the call", () => calls > 0);
    },
    { needs },
  );

  check(
    `virq: no call by ${way} after unbind`,
    async (t) => {
      const { dom0, trace } = t.record("conf", { subbufBytes: 64 });
      dom0.configureEvents(options);
      let calls = 0;
      dom0.bindVirq(VIRQ_TBUF, () => calls++);
      fill();
      await t.until("the call", () => calls > 0);
      dom0.unbind(VIRQ_TBUF);
      const before = calls;
      trace.drain(() => {});
      fill();
      await t.sleep(30);
      equal(calls, before, "calls");
    },
    { needs },
  );

  threadCheck(
    `virq: a worker's full sub-buffers by ${way}, none unnoticed`,
    async (t) => {
      const { hypervisor, dom0, trace } = t.record("conf", { subbufBytes: 256 });
      dom0.configureEvents(options);
      const seen = [];
      dom0.bindVirq(VIRQ_TBUF, () => {
        trace.drain((packet) => seen.push(...decode(dom0, [packet])), { partial: false });
      });
      const thread = await t.spawn(hypervisor);
      for (let from = 0; from < 300; from += 30) {
        await thread.call("record", { thread: 1, from, count: 30 });
        // 256 bytes hold 15 records of 16 bytes; the last few lie in an open sub-buffer.
        await t.until(`records up to ${from}`, () => seen.length >= from);
      }
      equal(
        seen.map(({ fields }) => fields.n),
        Array.from({ length: seen.length }, (_, n) => n),
      );
    },
    { needs },
  );

  check(
    `virq: a port that is notified, by ${way}, calls its handler`,
    async (t) => {
      const { hypervisor, dom0 } = t.start();
      dom0.configureEvents(options);
      const port = dom0.allocEvtchn();
      let calls = 0;
      // Kept until somebody handles it.
      hypervisor.notify(port);
      dom0.bindEvtchn(port, () => calls++);
      await t.until("the first call", () => calls === 1);
      dom0.mask(port);
      hypervisor.notify(port);
      hypervisor.notify(port);
      await t.sleep(20);
      equal(calls, 1, "calls while masked");
      dom0.unmask(port);
      await t.until("the second call", () => calls === 2);
      dom0.closeEvtchn(port);
      throws("port", () => hypervisor.notify(port));
    },
    { needs },
  );

  threadCheck(
    `virq: a worker's notifications by ${way}, none unnoticed`,
    async (t) => {
      const { hypervisor, dom0 } = t.start();
      dom0.configureEvents(options);
      const port = dom0.allocEvtchn();
      let calls = 0;
      dom0.bindEvtchn(port, () => calls++);
      const thread = await t.spawn(hypervisor, { attach: null });
      for (let n = 1; n <= 20; n++) {
        await thread.call("notify", { port });
        await t.until(`call ${n}`, () => calls === n);
      }
      dom0.closeEvtchn(port);
      equal(await thread.call("notify", { port }), "port", "what the worker is refused with");
    },
    { needs },
  );

  check(
    `virq: packets() by ${way} yields what comes, until it is aborted`,
    async (t) => {
      const { dom0, trace } = t.record("conf", { subbufBytes: 256 });
      dom0.configureEvents(options);
      const abort = new AbortController();
      const numbers = [];
      const loop = (async () => {
        for await (const packet of trace.packets({ signal: abort.signal, pollMs: 10 })) {
          numbers.push(...fieldsOf(decode(dom0, [packet]), "conf:tick").map(({ n }) => n));
        }
      })();
      for (let n = 0; n < 200; n++) {
        conf.tick(n);
        if (n % 20 === 19) await t.until(`record ${n}`, () => numbers.length === n + 1);
      }
      abort.abort();
      await loop;
      equal(
        numbers,
        Array.from({ length: 200 }, (_, n) => n),
        "records",
      );
    },
    { needs },
  );
}

check("virq: a VIRQ has one handler, and one that is none is refused", (t) => {
  const { dom0 } = t.start();
  dom0.bindVirq(VIRQ_TBUF, () => {});
  throws("virq", () => dom0.bindVirq(VIRQ_TBUF, () => {}));
  dom0.unbind(VIRQ_TBUF);
  throws("virq", () => dom0.unbind(VIRQ_TBUF));
  for (const virq of [24, -1, 1.5, Number.NaN]) throws("virq", () => dom0.bindVirq(virq, () => {}));
  throws("port", () => dom0.mask(32));
});

check("virq: packets() ends when its trace is destroyed", async (t) => {
  const { trace } = t.record("conf", { subbufBytes: 64 });
  fill();
  let packets = 0;
  const loop = (async () => {
    for await (const _packet of trace.packets({ pollMs: 5 })) packets++;
  })();
  await t.until("packets", () => packets >= 4);
  trace.destroy();
  await loop;
  ok(packets >= 4, `${packets} packets`);
});
