// Labels: texts that are stored once. Readers see strings, whoever recorded them, wherever that thread
// died, and whatever was written over its memory.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { beforeEach, describe, expect, it, vi } from "vitest";
import * as layout from "../../assembly/public/layout.js";
import { metadataEvents, TraceFiles } from "../../src/ctf/index.js";
import { guestImports } from "../../src/guest/index.js";
import {
  array,
  bytes,
  type Dom0,
  defineFacility,
  event,
  f64,
  facility,
  field,
  Hypervisor,
  label,
  string,
  type Trace,
  type TraceMode,
  u32,
  u64,
} from "../../src/index.js";
import { labelRunAt } from "../../src/memory/label-runs.js";
import { jsWriter } from "../../src/writer/index.js";
import { tolerated } from "../lib/hostile.js";
import { Memory } from "../lib/memory.js";
import { itWith } from "../lib/peers.js";
import { babeltrace, freshDir } from "../lib/record.js";
import { decode, drained, fieldsOf } from "../lib/records.js";
import { useWorld } from "../lib/world.js";

const world = useWorld();

const app = facility("labels", {
  route: [field("route", label)],
  words: [field("n", u32), field("method", label), field("route", label), field("m", u32)],
  mixed: { wide: u64, route: label, text: string, file: label, data: bytes, n: u32, last: label },
  many: Object.fromEntries("abcdefghi".split("").map((name) => [name, label])),
  list: { route: label, texts: array(string), d: f64 },
  plain: [field("n", u32)],
});
const other = facility("other", { tick: [field("n", u32)] });

const FULL = "(label table full)";
const tid = { current: 100 };

let hypervisor: Hypervisor;
let dom0: Dom0;
let memory: Memory;

beforeEach(() => {
  hypervisor = world.boot({ cpus: 3, memoryBytes: 4 << 20 });
  memory = new Memory(hypervisor);
  dom0 = hypervisor.dom0();
});

function traced(mode: TraceMode = "discard", events = "labels"): Trace {
  const trace = dom0.createTrace("t", { events, mode, subbufBytes: 8192, subbufCount: 8 });
  trace.start();
  return trace;
}

/** Routes that were recorded, as readers see them. */
function routes(trace: Trace): unknown[] {
  return fieldsOf(decode(dom0, drained(trace)), "labels:route").map(({ route }) => route);
}

function labelsRun(cpu = 0): number {
  return memory.cpu(cpu, layout.CPU_LABELS_AT);
}

/** Entries in a run. */
function entries(run: number): number {
  let count = 0;
  for (let at = run; memory.word(at) !== 0; at += 4 + memory.word(at)) count++;
  return count;
}

/** Takes all free frames but a run of `count`, a power of two, by writing into the frame table. */
function leaveFree(count: number): void {
  world.scribbled();
  const free = new Set(memory.freeFrames());
  const isRun = (first: number) =>
    first % count === 0 &&
    Array.from({ length: count }, (_, i) => first + i).every((mfn) => free.has(mfn));
  const first = count === 0 ? 0 : [...free].find(isRun);
  if (first === undefined) throw new Error(`no run of ${count} frames is free`);
  const table = memory.control(layout.CTL_FRAME_TABLE_AT);
  for (const mfn of free) {
    if (mfn >= first && mfn < first + count) continue;
    const entry = table + mfn * layout.FRAME_ENTRY_BYTES;
    memory.words[(entry + layout.FRAME_OWNER_AT) / 4] = layout.OWNER_XEN;
  }
}

const anyText = fc.oneof(
  fc.constantFrom("", "GET", "/a", "\u200b", "\u200b\u200b", "\0", "a\0b", "\ud800", "\ufeffx"),
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.string({ unit: "binary-ascii", maxLength: 90 }),
);
const shown = (text: string) => text.toWellFormed().replaceAll("\0", "\u2400");

describe("a label", () => {
  it.each(["discard", "overwrite"] as const)("is read as a string: %s mode", (mode) => {
    hypervisor.attach();
    const trace = traced(mode);
    fc.assert(
      fc.property(fc.array(anyText, { minLength: 1, maxLength: 20 }), (texts) => {
        for (const text of texts) app.route(text);
        expect(routes(trace)).toEqual(texts.map(shown));
      }),
      { numRuns: 60 },
    );
  });

  it("is read beside any other field", () => {
    hypervisor.attach();
    const trace = traced();
    const data = fc.uint8Array({ maxLength: 9 });
    const mixed = fc.record({
      wide: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      route: anyText,
      text: anyText,
      file: anyText,
      data,
      n: fc.nat(),
      last: anyText,
    });
    fc.assert(
      fc.property(mixed, fc.array(anyText, { maxLength: 4 }), fc.double(), (values, texts, d) => {
        const { route, text, file, last } = values;
        app.mixed(values);
        app.words(7, route, file, 8);
        app.plain(9);
        app.list({ route, texts, d });
        expect(decode(dom0, drained(trace)).map(({ fields }) => fields)).toEqual([
          {
            ...values,
            route: shown(route),
            text: shown(text),
            file: shown(file),
            last: shown(last),
          },
          { n: 7, method: shown(route), route: shown(file), m: 8 },
          { n: 9 },
          { route: shown(route), texts: texts.map(shown), d },
        ]);
      }),
      { numRuns: 60 },
    );
  });

  it("may be one of many", () => {
    hypervisor.attach();
    const trace = traced();
    const values = Object.fromEntries("abcdefghi".split("").map((name) => [name, `<${name}>`]));
    app.many(values as Parameters<typeof app.many>[0]);
    expect(fieldsOf(decode(dom0, drained(trace)), "labels:many")).toEqual([values]);
  });

  it("takes what a string takes", () => {
    hypervisor.attach();
    const trace = traced();
    const route = app.route as (value: unknown) => void;
    route({ toString: () => "own" });
    route(undefined);
    route(12);
    // What it records meanwhile comes first.
    route({ toString: () => `in ${app.route("out")}` });
    expect(routes(trace)).toEqual(["own", "", "12", "out", "in undefined"]);
  });

  it("is stored once, and its records have one size", () => {
    hypervisor.attach();
    const trace = traced();
    for (let i = 0; i < 50; i++) app.route(`/route/${"x".repeat(i % 5)}`);
    expect(entries(labelsRun())).toBe(5);
    expect(memory.frame(labelsRun() / layout.FRAME_BYTES, layout.FRAME_OWNER_AT)).toBe(
      layout.OWNER_LABELS,
    );
    const [info] = trace.info().cpus;
    expect(info?.offset).toBe(50 * 12);
    expect(routes(trace)).toHaveLength(50);
  });

  it("of a long text is its beginning", () => {
    hypervisor.attach();
    const trace = traced();
    const long = "\u20ac".repeat(256);
    app.route(long);
    app.route(`${long}!`);
    app.route("x".repeat(100_000));
    expect(routes(trace)).toEqual([long, `${long.slice(1)}\u2026`, `${"x".repeat(255)}\u2026`]);
  });

  it("is recorded by the writer in JavaScript, too", () => {
    hypervisor.attach({ writer: jsWriter });
    const trace = traced();
    app.route("/js");
    expect(routes(trace)).toEqual(["/js"]);
  });

  it("leaves packets without labels where they lie", () => {
    hypervisor.attach();
    const trace = traced("discard", "other,labels");
    app.route("/first");
    drained(trace);
    other.tick(1);
    let inPlace = false;
    trace.drain(({ bytes: data }) => {
      inPlace = data.buffer === memory.buffer;
    });
    expect(inPlace).toBe(true);
    app.route("/second");
    trace.drain(({ bytes: data }) => {
      inPlace = data.buffer === memory.buffer;
    });
    expect(inPlace).toBe(false);
  });

  it("is refused where only numbers go", () => {
    const cpu = hypervisor.attach();
    expect(() => app.route.writeMany(Int32Array.of(1))).toThrow(/writeMany: it has a label/);
    const guest = defineFacility("guest", { e: [field("route", label)] });
    expect(() => guestImports(cpu, [guest])).toThrow(/guest:e has a label/);
    expect(() => array(label)).toThrow(/elements cannot be label/);
  });

  it("is a string in every definition that readers get", () => {
    hypervisor.attach();
    const [ours] = dom0.facilities().filter(({ definition }) => definition.name === "labels");
    expect(ours?.definition.events[0]?.fields).toEqual([{ name: "route", type: string }]);
    const definition = defineFacility("f", { e: event([field("route", label)], { xen: 5 }) });
    const text = metadataEvents(0, definition);
    expect(text).toContain('"type":"string"');
    expect(text).not.toContain("label");
  });

  itWith("babeltrace2")("is a string to babeltrace2", async () => {
    hypervisor.attach();
    const trace = traced();
    const out = new TraceFiles({ clock: dom0.clock });
    app.words(1, "GET", "/users/:id", 2);
    app.mixed({
      wide: 1,
      route: "/r",
      text: "t",
      file: "f.js",
      data: Uint8Array.of(1),
      n: 3,
      last: "",
    });
    out.describe(dom0.facilities(), dom0.clocks());
    trace.drain((packet) => out.write(packet));
    const dir = freshDir();
    for (const [name, data] of out.finish()) writeFileSync(join(dir, name), data);
    const read = await babeltrace(dir, () => true);
    expect(read.code).toBe(0);
    const text = read.kept.join("\n");
    expect(text).toContain('n = 1, method = "GET", route = "/users/:id", m = 2');
    expect(text).toContain('route = "/r", text = "t", file = "f.js"');
  });
});

describe("the texts of a CPU's slot", () => {
  it("are found by who takes it over", () => {
    const trace = traced();
    for (let round = 0; round < 5; round++) {
      const cpu = hypervisor.attach();
      app.route("/a");
      app.route("");
      app.route(`/${round % 2}`);
      cpu.detach();
    }
    expect(entries(labelsRun())).toBe(4);
    expect(routes(trace)).toEqual([0, 1, 2, 3, 4].flatMap((round) => ["/a", "", `/${round % 2}`]));
  });

  it("are whole when their thread died before one was complete", () => {
    const trace = traced();
    const cpu = hypervisor.attach();
    app.route("/before");
    // The thread wrote a text, and died before its length.
    const next = labelsRun() + 4 + memory.word(labelsRun());
    memory.bytes.fill(0x61, next + 4, next + 40);
    cpu.detach();
    hypervisor.attach();
    app.route("/after");
    app.route("/before");
    expect(entries(labelsRun())).toBe(2);
    expect(routes(trace)).toEqual(["/before", "/after", "/before"]);
  });

  it("stay readable when the thread and the trace are gone", () => {
    const trace = traced();
    const cpu = hypervisor.attach();
    app.route("/a");
    cpu.detach();
    trace.destroy();
    const later = traced();
    hypervisor.attach();
    app.route("/a");
    expect(routes(later)).toEqual(["/a"]);
    expect(entries(labelsRun())).toBe(1);
  });

  it("have a bound: beyond it, records say so and are counted", () => {
    hypervisor.attach();
    const trace = traced("overwrite");
    const run = layout.FRAME_BYTES << layout.LABELS_ORDER;
    const most = Math.floor(run / 104);
    for (let i = 0; i < most + 20; i++) app.route(`${i}`.padEnd(99, "x"));
    app.route("0".padEnd(99, "x"));
    const full = trace.info().labelsFull;
    expect(full).toBe(20);
    expect(entries(labelsRun())).toBe(most);
    const seen = routes(trace);
    expect(seen.slice(-full - 1, -1)).toEqual(Array.from({ length: full }, () => FULL));
    expect(seen.at(-1)).toBe("0".padEnd(99, "x"));
  });

  it("are fewer where memory is scarce", () => {
    hypervisor.attach();
    const trace = traced();
    leaveFree(8);
    app.route("/a");
    const at = labelsRun();
    expect(labelRunAt(hypervisor.views, at)).toEqual({ at, end: at + 8 * layout.FRAME_BYTES });
    expect(routes(trace)).toEqual(["/a"]);
    expect(trace.info().labelsFull).toBe(0);
  });

  it("are none where no memory is left, which is told", () => {
    hypervisor.attach();
    const trace = traced();
    leaveFree(0);
    app.route("/a");
    app.route("/b");
    expect(labelsRun()).toBe(0);
    expect(routes(trace)).toEqual([FULL, FULL]);
    expect(trace.info().labelsFull).toBe(2);
  });

  it("are shared by two copies of the package in one thread", async () => {
    vi.resetModules();
    const copy = await import("../../src/index.js");
    expect(copy.facility).not.toBe(facility);
    const theirs = copy.facility("labels_too", { route: [copy.field("route", copy.label)] });
    expect(theirs.route).not.toBe(app.route);
    hypervisor.attach();
    const trace = traced("discard", "labels,labels_too");
    app.route("/a");
    theirs.route("/a");
    theirs.route("/b");
    app.route("/c");
    app.route("/b");
    theirs.route("/c");
    const seen = decode(dom0, drained(trace)).map(({ fields }) => fields.route);
    expect(seen).toEqual(["/a", "/a", "/b", "/c", "/b", "/c"]);
    expect(entries(labelsRun())).toBe(3);
  });
});

describe("hostile memory", () => {
  it("makes of a label a question mark, and of nothing a crash", () => {
    world.scribbled();
    const cpu = hypervisor.attach();
    const trace = traced();
    app.route("/a");
    const [first] = routes(trace);
    expect(first).toBe("/a");
    const id = dom0.facilities().find(({ definition }) => definition.name === "labels")?.firstEvent;
    const { core, now } = cpu.binding;
    const run = labelsRun() / 4;
    const numbers = fc.oneof(
      fc.integer(),
      fc.nat(memory.buffer.byteLength / 4 + 10),
      fc.nat(80).map((n) => run + n),
      fc.constantFrom(0, -1, 1 << 29, (1 << 29) - 1, 0x7fffffff),
    );
    fc.assert(
      fc.property(numbers, (number) => {
        core.record1(id ?? 0, now(), number);
        const [route] = routes(trace);
        expect(route).toBeTypeOf("string");
        const frame = Math.floor((number >>> 0) / 1024);
        const isOf = frame === labelsRun() / layout.FRAME_BYTES;
        if (number === 0) expect(route).toBe(FULL);
        else if (number === run) expect(route).toBe("/a");
        else if (!isOf) expect(route).toBe("?");
      }),
    );
  });

  it("of texts costs no reader more than a text", () => {
    world.scribbled();
    hypervisor.attach();
    const trace = traced();
    const nasty = fc.oneof(fc.integer(), fc.constantFrom(4, 8, 1024, 1028, 0xfffffffc, 0x7fffffff));
    const scribble = fc.array(fc.tuple(fc.nat(20), nasty), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(scribble, (scribbles) => {
        for (const [word, value] of scribbles) memory.words[labelsRun() / 4 + word] = value;
        app.route("/new");
        app.route(`/new/${scribbles.length}`);
        tolerated(() => routes(trace));
      }),
    );
  });

  it("of a slot's word for its texts takes only those from a thread", () => {
    world.scribbled();
    const trace = traced();
    for (const lie of [0, 4, 4096, 8192, 0x7ffffffc, 0xfffff000, -4096]) {
      memory.words[(layout.CPUS_AT + layout.CPU_LABELS_AT) / 4] = lie;
      const cpu = hypervisor.attach({ tid: tid.current++ });
      app.route("/a");
      const [route] = routes(trace);
      expect(["/a", FULL]).toContain(route);
      cpu.detach();
    }
  });

  it("in which a record of an unknown event lies is told as corrupt, not read", () => {
    world.scribbled();
    const cpu = hypervisor.attach();
    const trace = traced();
    app.route("/a");
    const { ringMfn } = trace.info().cpus[0] ?? { ringMfn: 0 };
    const data = memory.word(ringMfn * layout.FRAME_BYTES + layout.RING_DATA_AT);
    memory.words[data / 4] = (memory.words[data / 4] ?? 0) | 0xfff;
    expect(drained(trace)).toEqual([]);
    expect(trace.info().corrupt).toEqual([0]);
    cpu.detach();
    expect(Hypervisor.join(hypervisor.handle()).attach({ current: false }).index).toBe(0);
  });
});
