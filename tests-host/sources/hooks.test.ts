// The hooks that sources are made of: what is on top of them, and what goes wrong in them.

import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, it, vi } from "vitest";
import { afterExit } from "../../src/node/hooks/after-exit.js";
import { replace } from "../../src/node/hooks/replace.js";
import { flightRecorder, reapWorkers, record } from "../../src/node/index.js";
import { openContext } from "../../src/node/sources/context.js";
import { differences, hooks, muteExit } from "../lib/hooks.js";
import { freshDir } from "../lib/record.js";
import { useWorld } from "../lib/world.js";

const world = useWorld();

describe("replace", () => {
  const original = (n: number) => n;
  /** Adds `by` as long as its hook is there. */
  const adding =
    (by: number) =>
    (before: typeof original, hook: { active: boolean }): typeof original =>
    (n) =>
      before(n) + (hook.active ? by : 0);

  it("puts back the same function, with the same descriptor", () => {
    const target = Object.defineProperty({} as { f: typeof original }, "f", {
      value: original,
      configurable: true,
      enumerable: false,
      writable: false,
    });
    const descriptor = Object.getOwnPropertyDescriptor(target, "f");
    const placed = replace([target], { f: adding(1) });
    expect(target.f(1)).toBe(2);
    placed.dispose();
    expect(Object.getOwnPropertyDescriptor(target, "f")).toEqual(descriptor);
  });

  it("leaves no property where there was only an inherited one", () => {
    const target = Object.create({ f: original }) as { f: typeof original };
    const placed = replace([target], { f: adding(1) });
    expect(target.f(1)).toBe(2);
    placed.dispose();
    expect(Object.keys(target)).toEqual([]);
    expect(target.f).toBe(original);
  });

  it("passes calls through under the wrapper of somebody else", () => {
    const target = { f: original };
    const placed = replace([target], { f: adding(1) });
    const inner = target.f;
    const foreign = (n: number) => 100 * inner(n);
    target.f = foreign;
    placed.dispose();
    expect(target.f).toBe(foreign);
    expect(target.f(1)).toBe(100);
  });

  it.each([
    [0, 1, 2],
    [2, 1, 0],
    [1, 0, 2],
    [0, 2, 1],
  ])("puts the original back whatever the order of three is: %d %d %d", (...order) => {
    const target = { f: original };
    const placed = [1, 10, 100].map((by) => replace([target], { f: adding(by) }));
    let sum = 111;
    for (const i of order) {
      expect(target.f(0)).toBe(sum);
      placed[i]?.dispose();
      sum -= 10 ** i;
    }
    expect(target.f).toBe(original);
  });

  it("gives targets with the same function the same wrapper", () => {
    const targets = [{ f: original }, { f: original }, { f: (n: number) => -n }];
    const placed = replace(targets, { f: adding(1) });
    expect(targets[0]?.f).toBe(targets[1]?.f);
    expect(targets.map(({ f }) => f(5))).toEqual([6, 6, -4]);
    placed.dispose();
  });

  it("is seen by imports of a module of Node, and so is its end", async () => {
    const module = await import("node:timers");
    const { setTimeout: before } = module;
    const placed = replace([module.default], { setTimeout: (f) => Object.assign(f.bind(null), f) });
    expect(module.setTimeout).not.toBe(before);
    expect(module.setTimeout).toBe(module.default.setTimeout);
    placed.dispose();
    expect(module.setTimeout).toBe(before);
  });

  it("replaces nothing where one target is frozen", () => {
    const targets = [{ f: original }, Object.freeze({ f: original })];
    expect(() => replace(targets, { f: adding(1) })).toThrow(TypeError);
    expect(targets[0]?.f).toBe(original);
  });
});

describe("the end of a thread", () => {
  let unmute = () => {};
  afterEach(() => unmute());

  it("comes after the listeners, last asked first, whatever one of them throws", () => {
    const warned = vi.spyOn(process, "emitWarning").mockReturnValue(undefined);
    const notes: string[] = [];
    unmute = muteExit(() => notes.push("listeners"));
    const context = openContext(world.boot());
    context.onEnd((code) => notes.push(`first ${code}`));
    context.onEnd(() => notes.push("taken back")).dispose();
    context.onEnd(() => {
      throw new Error("on purpose");
    });
    context.onEnd(() => notes.push("last"));
    process.emit("exit", 3);
    expect(notes).toEqual(["listeners", "last", "first 3"]);
    expect(warned.mock.calls.map(([text]) => text)).toEqual([
      "a source of events failed: on purpose",
    ]);
    warned.mockRestore();
    context.dispose();
  });

  it("is not heard by what a listener of it disposes of", () => {
    const heard = vi.fn();
    unmute = muteExit(() => placed.dispose());
    const placed = afterExit(heard);
    process.emit("exit", 0);
    expect(heard).not.toHaveBeenCalled();
  });
});

describe("workers", () => {
  it("are reaped until that is disposed of, and no listener stays", async () => {
    const hypervisor = world.boot({ cpus: 4 });
    const before = hooks();
    const reaping = reapWorkers(hypervisor);
    const first = await world.spawn(hypervisor, "thread-load", { data: { limit: 1 } });
    await first.terminate();
    expect(hypervisor.threadsOf(first.tid)).toEqual([]);
    const second = await world.spawn(hypervisor, "thread-load", { data: { limit: 1 } });
    reaping.dispose();
    expect(differences(before, hooks())).toEqual([]);
    await second.terminate();
    expect(hypervisor.threadsOf(second.tid)).toHaveLength(1);
  });

  it("are told to the hook, until that is taken back", async () => {
    const context = openContext(world.boot());
    const seen: Worker[] = [];
    const hook = context.onWorker((worker) => seen.push(worker));
    const start = async () => {
      const worker = new Worker("", { eval: true, execArgv: [] });
      await new Promise((done) => worker.once("exit", done));
      return worker;
    };
    const worker = await start();
    hook.dispose();
    await start();
    expect(seen).toEqual([worker]);
    context.dispose();
  });
});

describe("a recording of the program's own", () => {
  it("leaves no hook when it is stopped, as often as it is made", async () => {
    const before = hooks();
    for (let i = 0; i < 3; i++) {
      const recording = record({ dir: `${freshDir()}/trace` });
      expect(differences(before, hooks())).not.toEqual([]);
      await recording.stop();
      await recording.stop();
      const flight = flightRecorder({ bytes: 4096 });
      expect(differences(before, hooks())).not.toEqual([]);
      flight.close();
      expect(differences(before, hooks())).toEqual([]);
    }
  });
});
