// The typed face: what it refuses, and what it tells.

import { conf, golden } from "../facilities.mjs";
import { equal, ok, throws } from "../lib/assert.mjs";
import { fieldsOf, read } from "../lib/records.mjs";
import { check } from "../lib/suite.mjs";

for (const [what, code, name, options] of [
  ["no name", "name-bad", "", {}],
  ["a name of 64 bytes", "name-bad", "n".repeat(64), {}],
  ["sub-buffers of 32 bytes", "subbuf-bytes", "t", { subbufBytes: 32 }],
  ["sub-buffers of 96 bytes", "subbuf-bytes", "t", { subbufBytes: 96 }],
  ["sub-buffers of 128 MiB", "subbuf-bytes", "t", { subbufBytes: 2 ** 27 }],
  ["one sub-buffer", "subbuf-count", "t", { subbufCount: 1 }],
  ["128 sub-buffers", "subbuf-count", "t", { subbufCount: 128 }],
  ["three sub-buffers", "subbuf-count", "t", { subbufCount: 3 }],
  ["a mode that is none", "bad-option", "t", { mode: "ring" }],
  ["an option that is not known", "bad-option", "t", { subbufbytes: 64 }],
  ["an empty selection", "bad-option", "t", { events: "" }],
  ["a CPU that cannot be", "bad-option", "t", { cpus: [256] }],
  ["more memory than there is", "no-memory", "t", { subbufBytes: 2 ** 23 }],
]) {
  check(`traces: create refuses ${what}: ${code}`, (t) => {
    const { hypervisor, dom0 } = t.start();
    const { free } = hypervisor.frames();
    throws(code, () => dom0.createTrace(name, options));
    equal(hypervisor.frames().free, free, "free frames");
    throws(name === "" || name.length > 63 ? "name-bad" : "name-unknown", () =>
      dom0.openTrace(name),
    );
  });
}

check("traces: create refuses a name that is taken: name-in-use", (t) => {
  const { dom0 } = t.start();
  dom0.createTrace("t", { subbufBytes: 64 });
  throws("name-in-use", () => dom0.createTrace("t", { subbufBytes: 64 }), '"t"');
});

check("traces: 31 traces at a time, and not one more", (t) => {
  const { dom0 } = t.start();
  const create = (i) => dom0.createTrace(`t${i}`, { subbufBytes: 64 });
  for (let i = 0; i < 31; i++) create(i);
  throws("traces-full", () => create(31));
  dom0.openTrace("t7").destroy();
  create(31).start();
});

for (const [subbufBytes, subbufCount] of [
  [64, 2],
  [64, 64],
  [256, 4],
  [65536, 4],
  [262144, 2],
]) {
  check(`traces: ${subbufCount} sub-buffers of ${subbufBytes} bytes`, (t) => {
    const { dom0 } = t.start();
    const trace = dom0.createTrace("t", { subbufBytes, subbufCount, events: "conf" });
    const info = trace.info();
    equal([info.subbufBytes, info.subbufCount], [subbufBytes, subbufCount], "sizes");
    ok(info.memoryBytes >= subbufBytes * subbufCount, `memoryBytes=${info.memoryBytes}`);
    trace.start();
    const got = [];
    for (let n = 0; n < 300; n++) {
      conf.tick(n);
      got.push(...fieldsOf(read(dom0, trace), "conf:tick"));
    }
    equal(
      got.map(({ n }) => n),
      Array.from({ length: 300 }, (_, n) => n),
      "recorded",
    );
  });
}

check("traces: info tells name, mode, state and CPUs", (t) => {
  const { dom0, cpu } = t.start();
  const trace = dom0.createTrace("a name", { mode: "overwrite", subbufBytes: 64 });
  const { name, mode, active, cpus, corrupt } = trace.info();
  equal([name, mode, active, corrupt], ["a name", "overwrite", false, []], "info");
  equal(
    cpus.map((each) => each.cpu),
    [cpu.index],
    "CPUs",
  );
  trace.start();
  equal([trace.info().active, trace.info().activeTraces], [true, 1], "active");
  trace.stop();
  equal(trace.info().active, false, "active after stop");
});

check("traces: several at once, each with its own events", (t) => {
  const { dom0 } = t.start();
  const all = dom0.createTrace("all");
  const one = dom0.createTrace("one", { events: "conf:tick" });
  const two = dom0.createTrace("two", { events: "golden:*,conf:text" });
  for (const trace of [all, one, two]) trace.start();
  conf.tick(1);
  conf.text("x", 1);
  golden.none();
  const events = (trace) => read(dom0, trace).map(({ event }) => event);
  equal(events(one), ["conf:tick"], "one");
  equal(events(two), ["conf:text", "golden:none"], "two");
  const own = events(all).filter((event) => /^(conf|golden):/.test(event));
  equal(own, ["conf:tick", "conf:text", "golden:none"], "all");
});

check("traces: a trace of CPUs that are not there records nothing", (t) => {
  const { dom0 } = t.start();
  const trace = dom0.createTrace("t", { cpus: [5], events: "conf" });
  trace.start();
  conf.tick(1);
  equal(trace.info().cpus.length, 0, "CPUs with a buffer");
  equal(read(dom0, trace), [], "records");
});

check("traces: all events of dom0's own operations are there", (t) => {
  const { dom0 } = t.start();
  const trace = dom0.createTrace("t");
  trace.start();
  trace.stop();
  const events = read(dom0, trace).map(({ event }) => event);
  ok(events.includes("core:trace_start") && events.includes("core:trace_stop"), events.join());
});

check("traces: a destroyed trace is stale, and its name is free", (t) => {
  const { dom0 } = t.start();
  const trace = dom0.createTrace("t", { subbufBytes: 64 });
  trace.destroy();
  ok(trace.destroyed, "it does not say so");
  throws("stale", () => trace.snapshot());
  throws("name-unknown", () => trace.destroy());
  throws("name-unknown", () => dom0.openTrace("t"));
  dom0.createTrace("t", { subbufBytes: 64 });
});

check("traces: destroy gives all memory back", async (t) => {
  const { hypervisor, dom0 } = t.start();
  const { free } = hypervisor.frames();
  for (let round = 0; round < 5; round++) {
    const trace = dom0.createTrace("t", { subbufBytes: 16384 });
    trace.start();
    conf.tick(round);
    trace.destroy();
    ok(await dom0.settled(), "not settled");
  }
  equal(hypervisor.frames().free, free, "free frames");
});

check("traces: frames can be mapped, and are void once the trace is destroyed", (t) => {
  const { dom0, cpu, trace } = t.record("conf", { subbufBytes: 256 });
  conf.tick(0x01020304);
  const { dataMfn } = trace.info().cpus.find((each) => each.cpu === cpu.index);
  const mapping = dom0.mapForeignRange(dataMfn, 1);
  equal(mapping.bytes.length, 4096, "bytes");
  equal(Array.from(mapping.bytes.slice(8, 12)), [4, 3, 2, 1], "the payload");
  trace.destroy();
  equal(mapping.valid, false, "valid");
  throws("not-shared", () => dom0.mapForeignRange(dataMfn, 1));
});
