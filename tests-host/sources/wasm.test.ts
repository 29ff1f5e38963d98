// Sources of Wasm guests: what they record, and that a program with them sees what it sees without them.

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Disposable } from "../../src/dispose.js";
import type { Dom0, Trace } from "../../src/index.js";
import { openContext, type ThreadContext } from "../../src/node/sources/context.js";
import { installSources } from "../../src/node/sources/index.js";
import { attachThread } from "../../src/node/threads/attach.js";
import { api, CALLER, link, TABLE, WRITER } from "../lib/guests.js";
import { decode, drained } from "../lib/records.js";
import { observations } from "../lib/wasm-traps.js";
import { useWorld } from "../lib/world.js";

const world = useWorld();
let dom0: Dom0;
let trace: Trace;
let context: ThreadContext;
let installed: Disposable;

beforeEach(() => {
  const hypervisor = world.boot();
  dom0 = hypervisor.dom0();
  attachThread(hypervisor);
  trace = dom0.createTrace("t", { events: "xen_vmx,wasm_guest,node_source" });
  trace.start();
  context = openContext(hypervisor);
});
afterEach(() => {
  installed?.dispose();
  context.dispose();
});

const install = (...only: string[]) => {
  installed = installSources(context, { only });
  return installed;
};

/** Since the last call: each record as its event's name and values. */
const records = () =>
  decode(dom0, drained(trace)).map(({ event, fields }) => [
    event.replace(/^xen_vmx:vmx_/, ""),
    ...Object.values(fields).map((value) => (typeof value === "bigint" ? Number(value) : value)),
  ]);

const env = { f: (x: number) => x + 1, g: (x: number, y: number) => x + y };

/** Everything that a source of Wasm may replace. */
function replaced(): unknown[] {
  const { Instance, Table, Global, instantiate, instantiateStreaming } = api();
  const accessors = [Instance.prototype, Table.prototype, Global.prototype].map((prototype) =>
    Object.values(Object.getOwnPropertyDescriptors(prototype)).flatMap(
      ({ value, get, set }: PropertyDescriptor) => [value, get, set],
    ),
  );
  return [Instance, Table, Global, instantiate, instantiateStreaming, accessors];
}

// First: nothing has handed out a wrapper yet.
it.each(["wasm", "wasm-exports"])("%s leaves WebAssembly as it was", (name) => {
  const before = replaced();
  install(name);
  expect(replaced()).not.toEqual(before);
  installed.dispose();
  expect(replaced()).toEqual(before);
});

describe("a program sees the same", () => {
  it.each([
    ["imports", ["wasm"]],
    ["exports", ["wasm-exports"]],
    ["imports and exports", ["wasm", "wasm-exports"]],
    ["exports and imports, and all a second time", ["wasm-exports", "wasm"]],
  ])("with %s observed", async (_name, names) => {
    const plain = await observations();
    install(...names);
    const again =
      names[0] === "wasm-exports" ? installSources(context, { only: names }) : undefined;
    expect(await observations()).toEqual(plain);
    again?.dispose();
    installed.dispose();
    expect(await observations()).toEqual(plain);
  });

  it("also with functions that it was given before the source was gone", () => {
    install("wasm", "wasm-exports");
    const { table, next, at } = link(TABLE);
    installed.dispose();
    const { set } = table as unknown as { set(index: number, value: unknown): void };
    set.call(table, 1, next);
    expect(at?.(1, 5)).toBe(6);
    expect(link(CALLER, { env: { ...env, f: next } }).twice?.(1)).toBe(2);
  });
});

describe("imports", () => {
  it("are exits with their number, and entries when they return, whatever made the instance", async () => {
    install("wasm");
    const { Module, Instance, instantiate, instantiateStreaming } = api();
    const module = new Module(CALLER);
    const headers = { "Content-Type": "application/wasm" };
    const guests = [
      new Instance(module, { env }),
      await instantiate(module, { env }),
      (await instantiate(CALLER, { env })).instance,
      (await instantiateStreaming(new Response(CALLER, { headers }), { env })).instance,
    ];
    const names = records();
    const first = names[0]?.[1] as number;
    expect(names.slice(0, 2)).toEqual([
      ["wasm_guest:guest_import", first, 0, "env", "f"],
      ["wasm_guest:guest_import", first, 1, "env", "g"],
    ]);
    for (const [i, guest] of guests.entries()) {
      expect(guest.exports.twice?.(1)).toBe(2);
      expect(records()).toEqual([
        ["vmexit", 0, first + i],
        ["vmentry"],
        ["vmexit", 1, first + i],
        ["vmentry"],
      ]);
    }
  });

  it("of WASI are I/O with their first argument", () => {
    install("wasm");
    link(WRITER, { wasi_snapshot_preview1: { fd_write: () => 0 } }).run?.();
    const [name, ...calls] = records();
    expect(calls).toEqual([["vmexit", 0, name?.[1]], ["io", 0, 7], ["vmentry"]]);
  });

  it("that throw enter the guest no more", () => {
    install("wasm");
    const guest = link(CALLER, {
      env: {
        ...env,
        f() {
          throw new Error("on purpose");
        },
      },
    });
    records();
    expect(() => guest.twice?.(1)).toThrow("on purpose");
    expect(records()).toEqual([["vmexit", 0, expect.any(Number)]]);
  });

  it("that are functions of a guest, or tbuf's own, are called without a detour", () => {
    install("wasm", "wasm-exports");
    const { next } = link(TABLE);
    const guest = link(CALLER, { env: { ...env, f: next } });
    records();
    guest.twice?.(1);
    expect(records().filter(([event]) => event === "vmexit")).toEqual([
      ["vmexit", 1, expect.any(Number)],
      ["vmexit", 0xffff_ffff, 0],
    ]);
  });

  it("of guests that outlive their source are not recorded", () => {
    install("wasm");
    const guest = link(CALLER, { env });
    installed.dispose();
    records();
    guest.twice?.(1);
    expect(records()).toEqual([]);
  });
});

describe("exports", () => {
  it("are entries, and exits when they return or trap", async () => {
    install("wasm-exports");
    const { next, trap } = link(TABLE);
    next?.(1);
    expect(() => trap?.()).toThrow();
    await Promise.resolve();
    next?.(1);
    expect(records()).toEqual([
      ["int", 3, 0],
      ["vmentry"],
      ["vmexit", 0xffff_ffff, 0],
      ["vmentry"],
      ["vmexit", 0xffff_ffff, 0],
      ["int", 3, 0],
      ["vmentry"],
      ["vmexit", 0xffff_ffff, 0],
    ]);
  });

  it("of a timer's callback are interrupts of a timer", async () => {
    install("timers", "wasm-exports");
    const { next } = link(TABLE);
    await new Promise<void>((done) =>
      setTimeout(() => {
        next?.(1);
        done();
      }, 0),
    );
    expect(records()[0]).toEqual(["timer_intr", 3]);
  });

  it("of tbuf's own core are left alone", () => {
    install("wasm", "wasm-exports");
    const other = world.boot();
    attachThread(other);
    const own = other.dom0().createTrace("own", { events: "xen_vmx" });
    own.start();
    expect(link(TABLE).next?.(1)).toBe(2);
    own.stop();
    expect(drained(own).length).toBeGreaterThan(0);
    other.close();
  });
});
