// What a user is told who calls the API in a wrong way: each message names the value that was given and what
// may stand there, so that nobody has to look into the source.

import { describe, expect, it } from "vitest";
import { TraceFiles } from "../../src/ctf/index.js";
import { toChrome } from "../../src/formats/chrome.js";
import { facility, Hypervisor, join, record, u32 } from "../../src/index.js";
import { attachThread, CtfWriter } from "../../src/node/index.js";
import { refusal } from "../lib/refusal.js";
import { useWorld } from "../lib/world.js";

const world = useWorld();
const app = facility("messages_app", {
  request: { id: u32, bytes: u32 },
  quiet: {},
});

function anyOf<T>(value: unknown): T {
  return value as T;
}

describe("booting and joining", () => {
  const boot = (options: unknown) => () => Hypervisor.boot(anyOf(options));
  const cases: readonly [string, () => unknown, RegExp][] = [
    [
      "new",
      () => Reflect.construct(Hypervisor, []),
      /Hypervisor\.boot\(\).*Hypervisor\.join\(handle\)/,
    ],
    [
      "null",
      boot(null),
      /boot: the options must be an object with any of memoryBytes, cpus.*got null/,
    ],
    ["a number", boot(5), /boot: the options must be an object.*got 5/],
    [
      "cpus as text",
      boot({ cpus: "4" }),
      /cpus must be an integer from 1 to 256, got "4" \(a string\)/,
    ],
    ["cpus 0", boot({ cpus: 0 }), /cpus must be an integer from 1 to 256, got 0/],
    [
      "bytes",
      boot({ memoryBytes: "65536000" }),
      /memoryBytes must be a multiple of 65536 from 262144 to \d+, got "65536000" \(a string\)/,
    ],
    ["an option", boot({ cpu: 4 }), /option cpu is not known; known are memoryBytes, cpus, shared/],
    [
      "no handle",
      () => join(anyOf(undefined)),
      /join: takes what handle\(\) of a hypervisor returned, got undefined/,
    ],
    ["an object", () => join(anyOf({})), /got an object/],
    [
      "attachThread of a handle",
      () => attachThread(anyOf(world.boot().handle())),
      /attachThread takes a hypervisor, got its handle; call attachThread\(join\(handle\)\)/,
    ],
    ["attachThread()", () => attachThread(anyOf(undefined)), /takes a hypervisor, got undefined/],
    ["record(null)", () => record(anyOf(null)), /record: the options must be an object.*got null/],
  ];
  it.each(cases)("%s", (_, call, message) => {
    expect(refusal(call).message).toMatch(message);
  });
});

describe("a trace", () => {
  const cases: readonly [string, unknown, RegExp][] = [
    [
      "cpus as text",
      { cpus: "4" },
      /cpus must be a list of CPU numbers such as \[0, 1\], got "4" \(a string\)/,
    ],
    [
      "a CPU that is none",
      { cpus: [256] },
      /a CPU in cpus must be an integer from 0 to 255, got 256/,
    ],
    ["mode", { mode: "ring" }, /mode must be "discard" or "overwrite", got "ring" \(a string\)/],
    [
      "events as a number",
      { events: 5 },
      /events must be a text such as "app:request,sched", or a list.*got 5/,
    ],
    ["a list with a number", { events: [5, {}] }, /events/],
    ["an empty part", { events: "a,,b" }, /"a,,b" has an empty part/],
  ];
  it.each(cases)("%s", (_, options, message) => {
    const dom0 = world.boot().dom0();
    const error = refusal(() => dom0.createTrace("t", anyOf(options)));
    expect(error.code).toBe("bad-option");
    expect(error.message).toMatch(message);
  });

  it("takes a list of events as it takes a text", () => {
    const hypervisor = world.boot();
    const dom0 = hypervisor.dom0();
    hypervisor.attach();
    const trace = dom0.createTrace("t", { events: ["messages_app:quiet", "sched"] });
    trace.start();
    app.quiet();
    app.request({ id: 1, bytes: 2 });
    expect(trace.info().cpus.map(({ records }) => records)).toEqual([1]);
  });

  it("says what drain and packets take", async () => {
    const trace = world.boot().dom0().createTrace("t");
    expect(refusal(() => trace.drain(anyOf(undefined))).message).toMatch(
      /drain: its argument must be a function that is called with each packet, got undefined/,
    );
    const next = (options: unknown) => trace.packets(anyOf(options)).next();
    await expect(next({ signal: 5 })).rejects.toThrow(/signal must be an AbortSignal.*got 5/);
    await expect(next({ signal: {} })).rejects.toThrow(/signal must be an AbortSignal.*an object/);
    await expect(next({ pollMs: "x" })).rejects.toThrow(/pollMs must be a number.*got "x"/);
    await expect(next({ pollMS: 5 })).rejects.toThrow(/option pollMS is not known/);
  });
});

describe("a writer", () => {
  it("says that it needs a directory, and the dom0", () => {
    expect(refusal(() => Reflect.construct(CtfWriter, [])).message).toMatch(
      /CtfWriter: its argument must be an object such as \{ dir: "trace" \}, got undefined/,
    );
    expect(refusal(() => Reflect.construct(CtfWriter, [{}])).message).toMatch(
      /dir must be the name of a directory, new or empty, got undefined/,
    );
    expect(() => new TraceFiles({})).toThrow(/needs the dom0.*\{ dom0: hypervisor\.dom0\(\) \}/);
  });

  it("says what write takes", () => {
    const files = new TraceFiles({ dom0: world.boot().dom0() });
    const message = /write: its argument must be a packet of trace\.drain\(\)/;
    for (const odd of [undefined, {}, { bytes: new Uint8Array(8) }, { bytes: [1], begin: 0n }]) {
      expect(refusal(() => files.write(anyOf(odd))).message).toMatch(message);
    }
  });
});

describe("slices of Chrome JSON", () => {
  it.each(["a", ["a"], [["a"]], [["a", 5]], [["a", "b", "c", "d"]]])("refuses %j", (slices) => {
    const error = refusal(() => [...toChrome([], { slices: anyOf(slices) })]);
    expect(error.code).toBe("bad-option");
    expect(error.message).toMatch(
      /slices must be a list of pairs such as \["app:begin", "app:end"\]/,
    );
  });
});

describe("a tracepoint that takes an object", () => {
  async function warningsOf(run: () => void): Promise<Error[]> {
    const warnings: Error[] = [];
    const listener = (warning: Error) => warnings.push(warning);
    process.on("warning", listener);
    try {
      run();
      // Node tells of warnings in its next tick.
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      process.off("warning", listener);
    }
    return warnings.filter(({ name }) => name === "TbufWarning");
  }

  function recording() {
    const hypervisor = world.boot();
    const dom0 = hypervisor.dom0();
    hypervisor.attach();
    const trace = dom0.createTrace("t", { events: "once_app,messages_app" });
    trace.start();
    return trace;
  }

  it("warns once of calls without one, and records all the same", async () => {
    const { first } = facility("once_app", { first: { id: u32, bytes: u32 } });
    const trace = recording();
    const warnings = await warningsOf(() => {
      first(anyOf(1));
      first(anyOf(2));
    });
    expect(warnings.map(({ message }) => message)).toEqual([
      "event first takes one object, { id, bytes }, got 1: it is recorded without values",
    ]);
    expect(trace.info().cpus.map(({ records }) => records)).toEqual([2]);
  });

  it("says nothing of right calls, of events without fields, and in production", async () => {
    const { second } = facility("once_app_too", { second: { id: u32 } });
    recording();
    const before = process.env.NODE_ENV;
    const warnings = await warningsOf(() => {
      app.request({ id: 1, bytes: 2 });
      app.quiet();
      process.env.NODE_ENV = "production";
      second(anyOf(1));
    });
    process.env.NODE_ENV = before;
    expect(warnings).toEqual([]);
  });
});
