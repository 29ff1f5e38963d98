// The guest binding: a Wasm module of the same thread records by itself.

import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { guestImports } from "../../src/guest/index.js";
import { defineFacility, field, string, u32 } from "../../src/index.js";
import { coreModule, instantiate } from "../../src/memory/core.js";
import { itWith } from "../lib/peers.js";
import { babeltrace, freshDir, total } from "../lib/record.js";
import { cpuInfo, decode, drained, fieldsOf } from "../lib/records.js";
import { readText, root } from "../lib/sources.js";
import { useWorld } from "../lib/world.js";

const world = useWorld();
const collatz = defineFacility("collatz", {
  step: [field("steps", u32), field("value", u32)],
  done: [field("start", u32), field("steps", u32), field("highest", u32)],
});

describe("the example guest", () => {
  itWith("babeltrace2")(
    "records every step without JavaScript, and babeltrace2 reads it",
    async () => {
      const dir = join(freshDir(), "trace");
      const run = ["examples/guest/run.mjs", dir];
      const printed = execFileSync(process.execPath, run, { cwd: root, encoding: "utf8" });
      expect(printed).toContain("collatz(27) took 111 steps: 112 records");
      const read = await babeltrace(dir, (line) => line.includes("collatz:done"));
      expect([read.code, read.stderr]).toEqual([0, ""]);
      expect(total(read, "collatz:step")).toBe(111);
      expect(read.kept.join()).toContain("{ start = 27, steps = 111, highest = 9232 }");
    },
  );
});

describe("guestImports", () => {
  function booted() {
    const hypervisor = world.boot();
    const cpu = hypervisor.attach();
    const trace = hypervisor.dom0().createTrace("t", { events: "collatz" });
    return { hypervisor, cpu, trace };
  }

  it("numbers events as the hypervisor does, in the order given", () => {
    const { hypervisor, cpu } = booted();
    const other = defineFacility("other", { x: [], y: [field("a", u32)] });
    const { event } = guestImports(cpu, [other, collatz]).tbuf;
    const first = (name: string) =>
      hypervisor
        .dom0()
        .facilities()
        .find(({ definition }) => definition.name === name)?.firstEvent;
    expect([event(0, 0), event(0, 1)]).toEqual([first("other"), (first("other") ?? 0) + 1]);
    expect([event(1, 0), event(1, 1)]).toEqual([first("collatz"), (first("collatz") ?? 0) + 1]);
    expect([event(0, 2), event(2, 0), event(-1, 0), event(0, -1)]).toEqual([-1, -1, -1, -1]);
  });

  it("hands over the hypervisor's own functions, which write once a trace wants it", () => {
    const { hypervisor, cpu, trace } = booted();
    const { tbuf } = guestImports(cpu, [collatz]);
    const step = tbuf.event(0, 0);
    expect(tbuf.record2).toBe(cpu.binding.core.record2);
    expect(tbuf.enabled(step)).toBe(0);
    tbuf.record2(step, tbuf.now(), 1, 2);
    trace.start();
    expect(tbuf.enabled(step)).toBe(1);
    tbuf.record2(step, tbuf.now(), 3, 4);
    expect(fieldsOf(decode(hypervisor.dom0(), drained(trace)), "collatz:step")).toEqual([
      { steps: 3, value: 4 },
    ]);
    cpu.detach();
    tbuf.record2(step, tbuf.now(), 5, 6);
    expect(cpuInfo(trace, cpu.index).records).toBe(1);
  });

  it("refuses a CPU that was detached, and events that are not words", () => {
    const { cpu } = booted();
    const texts = defineFacility("texts", { line: [field("text", string)] });
    expect(() => guestImports(cpu, [texts])).toThrow(/event texts:line has other fields/);
    cpu.detach();
    expect(() => guestImports(cpu, [collatz])).toThrow(/CPU 0 was detached/);
  });
});

describe("the signatures", () => {
  it("of the core are those that the bindings and docs/guest.md declare", () => {
    const doc = readText("docs/guest.md");
    const binding = readText("guest/index.ts");
    const core = instantiate(coreModule(), world.boot().handle().memory);
    for (let words = 0; words <= 7; words++) {
      const name = `record${words}`;
      expect(Reflect.get(core, name)).toHaveLength(words + 2);
      const names = [..."abcdefg"].slice(0, words);
      const as = ["event: i32", "now: f64", ...names.map((n) => `${n}: u32`)].join(", ");
      const inBinding = new RegExp(
        `function ${name}\\(\\s*${as.replaceAll(", ", ",\\s*")},?\\s*\\)`,
      );
      expect(binding).toMatch(inBinding);
      const c = ["int32_t event", "double now", ...names.map((n) => `uint32_t ${n}`)].join(", ");
      expect(doc).toContain(`TBUF(${name}) void tbuf_${name}(${c});`);
      const rust = ["event: i32", "now: f64", ...names.map((n) => `${n}: u32`)].join(", ");
      expect(doc).toContain(`pub fn ${name}(${rust});`);
    }
  });
});
