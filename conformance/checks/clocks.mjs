// Clocks: where the times of records come from, and I8: they never go back within a CPU, however
// coarse or odd the clock is.

import { conf } from "../facilities.mjs";
import { between, equal, ok, rejects, throws } from "../lib/assert.mjs";
import { checkOrder, read } from "../lib/records.mjs";
import { check, threadCheck } from "../lib/suite.mjs";

const since = (dom0) => (performance.now() - dom0.clock.bootMs) * 1e6;
const timesOf = (records) => records.map(({ timestamp }) => Number(timestamp));

check("clocks: precise: a record's time lies between the readings around it", (t) => {
  const { dom0, trace } = t.record("conf");
  const before = since(dom0);
  conf.tick(1);
  const after = since(dom0);
  between(timesOf(read(dom0, trace))[0], Math.floor(before), Math.ceil(after), "the time");
});

check("clocks: the resolution told is a step that performance.now() makes", (t) => {
  const { dom0 } = t.start();
  const [{ clock, resolutionNs, errorNs }] = dom0.clocks();
  equal([clock, errorNs], ["precise", 0], "clock");
  // The least step of many: none that was promised may be finer than what is there.
  let least = Number.POSITIVE_INFINITY;
  const begin = performance.now();
  for (let last = begin; last - begin < 20; ) {
    const now = performance.now();
    if (now !== last) least = Math.min(least, (now - last) * 1e6);
    last = now;
  }
  ok(resolutionNs >= 1, `resolutionNs=${resolutionNs}`);
  // A grid that is coarser than the noise of measuring shows itself in every step.
  if (least > 10_000) between(resolutionNs, least * 0.9, least * 10, "resolutionNs");
});

check("clocks: wallNs is the wall clock at boot", (t) => {
  const before = Date.now();
  const { wallNs } = t.start().dom0.clock;
  const after = Date.now();
  between(Number(wallNs / 1_000_000n), before - 2, after + 2, "milliseconds since the epoch");
});

check("clocks: caller: the time is the one that was set, for all records", (t) => {
  const { dom0, cpu, trace } = t.record("conf", { attach: { clock: "caller" } });
  const { bootMs } = dom0.clock;
  for (const ms of [1, 1, 2, 1000, 50_000]) {
    cpu.setTime(bootMs + ms + 5e-7);
    conf.tick(ms);
    conf.tick(ms);
  }
  const times = timesOf(read(dom0, trace));
  equal(times, [1e6, 1e6, 1e6, 1e6, 2e6, 2e6, 1e9, 1e9, 5e10, 5e10], "times");
  equal(dom0.clocks()[0].clock, "caller", "clock");
});

check("clocks: caller: a time before the last one counts as that one", (t) => {
  const { dom0, cpu, trace } = t.record("conf", { attach: { clock: "caller" } });
  const { bootMs } = dom0.clock;
  for (const ms of [5, 3, -100, 6]) {
    cpu.setTime(bootMs + ms + 5e-7);
    conf.tick(ms);
  }
  equal(timesOf(read(dom0, trace)), [5e6, 5e6, 5e6, 6e6], "times");
});

check("clocks: setTime refuses what is not a time, and other clocks", (t) => {
  const { hypervisor, cpu } = t.start({ attach: { clock: "caller" } });
  for (const now of [Number.NaN, Number.POSITIVE_INFINITY]) {
    throws("bad-option", () => cpu.setTime(now), `now=${now}`);
  }
  cpu.detach();
  throws("bad-option", () => hypervisor.attach().setTime(1), 'clock: "caller"');
});

check("clocks: attach refuses a clock that is none", (t) => {
  const hypervisor = t.boot();
  for (const clock of ["exact", 7, {}]) {
    throws("bad-option", () => hypervisor.attach({ clock }), "clock must be");
  }
});

check("clocks: coarse needs a ticker", (t) => {
  throws("no-ticker", () => t.boot().attach({ clock: "coarse" }));
});

check("clocks: coarse: time stands between two ticks, and moves with them", async (t) => {
  const hypervisor = t.boot();
  const dom0 = hypervisor.dom0();
  const ticker = hypervisor.startTicker({ everyMs: 5 });
  t.onEnd(() => ticker.stop());
  hypervisor.attach({ clock: "coarse" });
  const trace = dom0.createTrace("t", { events: "conf" });
  trace.start();
  for (let n = 0; n < 100; n++) conf.tick(n);
  const first = new Set(timesOf(read(dom0, trace)));
  equal(first.size, 1, "times without a turn of the event loop");
  await t.sleep(40);
  conf.tick(100);
  const [later] = timesOf(read(dom0, trace));
  ok(later > [...first][0], `${[...first][0]}, then ${later}`);
  const [{ clock, resolutionNs }] = dom0.clocks();
  equal(clock, "coarse", "clock");
  ok(resolutionNs >= 5_000_000, `resolutionNs=${resolutionNs}`);
});

check("clocks: coarse: time stands still once the ticker is stopped", async (t) => {
  const hypervisor = t.boot();
  const dom0 = hypervisor.dom0();
  const ticker = hypervisor.startTicker({ everyMs: 1 });
  hypervisor.attach({ clock: "coarse" });
  const trace = dom0.createTrace("t", { events: "conf" });
  trace.start();
  await t.sleep(5);
  ticker.stop();
  ticker.stop();
  conf.tick(1);
  await t.sleep(10);
  conf.tick(2);
  equal(new Set(timesOf(read(dom0, trace))).size, 1, "times");
});

check("clocks: a ticker refuses a pause that is none", (t) => {
  const hypervisor = t.boot();
  for (const everyMs of [0, -1, 1001, Number.NaN]) {
    throws("bad-option", () => hypervisor.startTicker({ everyMs }), `up to 1000, got ${everyMs}`);
  }
});

for (const [what, clock] of [
  ["that steps 5 us", () => stepping(0.005)],
  ["that steps 100 us", () => stepping(0.1)],
  ["that steps 1 ms", () => stepping(1)],
  [
    "that stands still",
    () => ({
      now: (() =>
        (
          (at) => () =>
            at
        )(performance.now()))(),
    }),
  ],
  ["that goes back now and then", () => jumping()],
  ["that is NaN or infinite now and then", () => broken()],
]) {
  for (const writer of ["wasm", "js"]) {
    check(`clocks: order within a CPU is kept with a clock ${what} (I8, ${writer} writer)`, (t) => {
      const attach = { clock: clock(), writer };
      const { dom0, trace } = t.record("conf", { subbufBytes: 65536, attach });
      const got = [];
      for (let n = 0; n < 6000; n++) {
        conf.tick(n);
        if (n % 997 === 0) got.push(...read(dom0, trace));
      }
      got.push(...read(dom0, trace));
      equal(
        got.map(({ fields }) => fields.n),
        Array.from({ length: 6000 }, (_, n) => n),
        "order",
      );
      checkOrder(got);
    });
  }
}

function stepping(stepMs) {
  return { now: () => Math.floor(performance.now() / stepMs) * stepMs };
}

function jumping() {
  let calls = 0;
  return { now: () => performance.now() - (++calls % 3 === 0 ? 50 : 0) };
}

function broken() {
  const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1e300];
  let calls = 0;
  return { now: () => (++calls % 5 === 0 ? odd[(calls / 5) % 4] : performance.now()) };
}

for (const stepMs of [0.005, 0.1]) {
  threadCheck(`clocks: order is kept in threads whose clocks step ${stepMs} ms (I8)`, async (t) => {
    const { hypervisor, dom0, trace } = t.record("conf", {
      subbufBytes: 65536,
      boot: { memoryBytes: 16 << 20 },
    });
    const threads = [];
    for (let i = 0; i < 2; i++) threads.push(await t.spawn(hypervisor, { stepMs }));
    await Promise.all(threads.map((each, i) => each.call("record", { thread: i, count: 3000 })));
    const records = read(dom0, trace);
    checkOrder(records);
    for (let i = 0; i < 2; i++) {
      const own = records.filter(({ fields }) => fields.thread === i).map(({ fields }) => fields.n);
      equal(
        own,
        Array.from({ length: 3000 }, (_, n) => n),
        `records of thread ${i}`,
      );
    }
  });
}

threadCheck("clocks: a ticker in a thread of its own", async (t) => {
  const hypervisor = t.boot();
  const dom0 = hypervisor.dom0();
  const thread = await t.spawn(hypervisor, { attach: null });
  const ticking = thread.call("tick", { everyMs: 2 });
  await thread.note("ticking");
  await t.until("a ticker", () => {
    try {
      return hypervisor.attach({ clock: "coarse" }) !== undefined;
    } catch (error) {
      if (error.code !== "no-ticker") throw error;
      return false;
    }
  });
  const trace = dom0.createTrace("t", { events: "conf" });
  trace.start();
  const seen = new Set();
  // This thread does not return to its event loop, and the time must still move on.
  const end = performance.now() + 5000;
  while (seen.size < 3 && performance.now() < end) {
    conf.tick(1);
    for (const time of timesOf(read(dom0, trace))) seen.add(time);
  }
  ok(seen.size >= 3, `${seen.size} times`);
  thread.stop();
  await ticking;
});

threadCheck("clocks: calibrate bounds the error, and the times keep to it", async (t) => {
  const { hypervisor, dom0, trace } = t.record("conf");
  for (let i = 0; i < 3; i++) {
    const thread = await t.spawn(hypervisor, { calibrate: true });
    const { errorNs } = dom0.clocks().at(-1);
    ok(errorNs !== undefined, "the error is not known");
    // On a busy machine answers take their time; the bound must hold, however wide it is.
    between(errorNs, 0, 1_000_000_000, "errorNs");
    for (let n = 0; n < 5; n++) {
      const before = since(dom0);
      await thread.call("stamp", { thread: i, n });
      const after = since(dom0);
      const own = read(dom0, trace).find(({ fields }) => fields.thread === i);
      between(Number(own.timestamp), before - errorNs - 1, after + errorNs + 1, "the time");
    }
    await thread.kill();
    hypervisor.reap(thread.tid);
  }
});

threadCheck(
  "clocks: without calibrate, the error of a thread's own clock is unknown",
  async (t) => {
    const { hypervisor, dom0 } = t.record("conf");
    const thread = await t.spawn(hypervisor);
    const { errorNs, clock } = dom0.clocks().at(-1);
    equal(clock, "precise", "clock");
    ok(errorNs === undefined || errorNs === 0, `errorNs=${errorNs}`);
    await thread.call("detach");
  },
);

threadCheck("clocks: calibrate is refused to a CPU, and gives up without a dom0", async (t) => {
  const { hypervisor, dom0, cpu } = t.start();
  await rejects("joined", hypervisor.calibrate());
  await rejects("bad-option", hypervisor.calibrate({ timeout: 1 }));
  cpu.detach();
  dom0.close();
  // The thread that booted has the clock that all others are measured by.
  equal(await hypervisor.calibrate({ timeoutMs: 50 }), 0, "error");
});
