// Booting: sizes, refusals, what is there afterwards.

import { capabilities, defineFacility, Hypervisor, tracepointsOf, u32 } from "tbuf";
import { conf } from "../facilities.mjs";
import { equal, ok, throws } from "../lib/assert.mjs";
import { check } from "../lib/suite.mjs";

const PAGE = 65536;

check("boot: the capabilities are those of the runtime, and frozen", () => {
  const shares =
    typeof SharedArrayBuffer === "function" && globalThis.crossOriginIsolated !== false;
  equal(capabilities.crossThread, shares, "crossThread");
  equal(capabilities.waitAsync, shares && typeof Atomics.waitAsync === "function", "waitAsync");
  ok(Object.isFrozen(capabilities), "capabilities are not frozen");
});

for (const [memoryBytes, cpus] of [
  [4 * PAGE, 1],
  [64 * PAGE, 256],
  [16 << 20, 64],
  [64 << 20, 3],
]) {
  check(`boot: ${memoryBytes} bytes for ${cpus} CPUs`, (t) => {
    const hypervisor = t.boot({ memoryBytes, cpus });
    const { total, free } = hypervisor.frames();
    ok(total <= memoryBytes / 4096, `${total} frames of ${memoryBytes} bytes`);
    ok(free > 0 && free <= total, `${free} frames of ${total} are free`);
    equal(hypervisor.attach({ current: false }).index, 0, "the first CPU");
  });
}

for (const memoryBytes of [0, 3 * PAGE, 5 * PAGE + 1, -PAGE, 2 ** 31, Number.NaN]) {
  check(`boot: refuses memoryBytes=${memoryBytes}`, (t) => {
    throws(
      "bad-option",
      () => t.boot({ memoryBytes }),
      `memoryBytes must be a multiple of 65536 from 262144 to 2147418112, got ${memoryBytes}`,
    );
  });
}

for (const cpus of [0, 257, 1.5]) {
  check(`boot: refuses cpus=${cpus}`, (t) => {
    throws(
      "bad-option",
      () => t.boot({ cpus }),
      `cpus must be an integer from 1 to 256, got ${cpus}`,
    );
  });
}

check("boot: refuses an option that is not known", (t) => {
  throws("bad-option", () => t.boot({ memorybytes: PAGE }), "memorybytes");
});

check(
  "boot: a handle can be cloned and joined in the same thread",
  (t) => {
    const hypervisor = t.boot();
    const joined = Hypervisor.join(structuredCloneOf(hypervisor.handle()));
    t.onEnd(() => joined.close());
    equal(joined.attach({ current: false }).index, 0, "its CPU");
    equal(hypervisor.attach({ current: false }).index, 1, "the booter's CPU");
  },
  { needs: ["threads"] },
);

check("boot: join refuses what is no handle", (t) => {
  for (const handle of [undefined, null, {}, { kind: "tbuf-hypervisor" }, 7]) {
    throws("bad-handle", () => Hypervisor.join(handle));
  }
  t.boot();
});

check(
  "boot: join refuses memory without a hypervisor, and another ABI",
  (t) => {
    const handle = t.boot().handle();
    const memory = new WebAssembly.Memory({ initial: 64, maximum: 64, shared: true });
    throws("bad-handle", () => Hypervisor.join({ ...handle, memory }), "no hypervisor");
    throws("abi-mismatch", () => Hypervisor.join({ ...handle, abi: handle.abi + 1 }));
  },
  { needs: ["threads"] },
);

check(
  "boot: the module is the hypervisor, by imports and exports",
  (t) => {
    const { module } = t.boot().handle();
    const imports = WebAssembly.Module.imports(module);
    equal(
      imports.map((each) => `${each.module}.${each.name}:${each.kind}`),
      ["env.memory:memory"],
    );
    const names = WebAssembly.Module.exports(module).map(({ name }) => name);
    for (const name of [
      "boot",
      "cpu_join",
      "record",
      "record7",
      "tb_control",
      "cpu_reap",
      "evtchn_take",
    ]) {
      ok(names.includes(name), `no export ${name}`);
    }
  },
  { needs: ["threads"] },
);

check("boot: a thread becomes a CPU once, and again after it was detached", (t) => {
  const hypervisor = t.boot();
  const cpu = hypervisor.attach();
  ok(hypervisor.attach() === cpu, "a second attach gave another CPU");
  ok(hypervisor.cpu === cpu, "the hypervisor does not know its CPU");
  cpu.detach();
  cpu.detach();
  equal(hypervisor.cpu, undefined, "the CPU after detach");
  ok(hypervisor.attach() !== cpu, "a detached CPU was given again");
});

check(
  "boot: refuses a CPU when all are taken",
  (t) => {
    const hypervisor = t.boot({ cpus: 1 });
    hypervisor.attach({ current: false });
    const other = Hypervisor.join(hypervisor.handle());
    throws("no-cpu", () => other.attach({ current: false }));
  },
  { needs: ["threads"] },
);

check("boot: one dom0 at a time", (t) => {
  const hypervisor = t.boot();
  const dom0 = hypervisor.dom0();
  ok(hypervisor.dom0() === dom0, "a second call gave another dom0");
  dom0.close();
  ok(dom0.closed, "it is not closed");
  throws("closed", () => dom0.createTrace("t"));
  ok(!hypervisor.dom0().closed, "the next dom0 is closed");
});

check("boot: tracepoints do nothing before there is a CPU, and after it has gone", (t) => {
  conf.tick(1);
  const { hypervisor, dom0, cpu, trace } = t.record("conf");
  cpu.detach();
  conf.tick(2);
  equal(trace.info().cpus[0].records, 0, "records");
  dom0.close();
  hypervisor.close();
  conf.tick(3);
});

check("boot: several hypervisors in one thread share nothing", (t) => {
  const one = t.record("conf");
  conf.tick(1);
  one.cpu.detach();
  const two = t.record("conf");
  conf.tick(2);
  conf.tick(3);
  equal(one.trace.info().cpus[0].records, 1, "records of the first");
  equal(two.trace.info().cpus[0].records, 2, "records of the second");
});

check("boot: facilities are numbered in the order in which they come", (t) => {
  const { dom0 } = t.start();
  tracepointsOf(defineFacility("late", { a: [], b: { n: u32 } }));
  const known = dom0.facilities();
  let next = known[0].firstEvent;
  for (const { firstEvent, definition } of known) {
    equal(firstEvent, next, `first event of ${definition.name}`);
    next += definition.events.length;
  }
  equal(known.at(-1).definition.name, "late", "the last facility");
});

check(
  "boot: shared memory is refused where there is none",
  (t) => {
    throws("unsupported", () => t.boot({ shared: true }), "cross-origin isolated");
    equal(typeof t.boot().frames().free, "number", "free frames of the fallback");
  },
  { needs: ["oneThread"] },
);

/** By the runtime, where it can clone shared memory within a thread; else the parts themselves. */
function structuredCloneOf(handle) {
  try {
    return structuredClone(handle);
  } catch {
    return { ...handle, clock: { ...handle.clock } };
  }
}

check("boot: 200 in a row: what was closed is given back", async (t) => {
  // A runtime has room for few memories: Chromium reserves gigabytes of addresses for each.
  for (let i = 0; i < 200; i++) {
    const { hypervisor, dom0 } = t.start({ memoryBytes: 4 * PAGE });
    dom0.bindVirq(4, () => {});
    equal(hypervisor.frames().free > 0, true, `free frames of hypervisor ${i}`);
    await t.end();
    if (i % 10 === 0) await t.sleep(0);
  }
});
