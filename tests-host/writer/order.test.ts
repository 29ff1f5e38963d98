// The order in which the writer in JavaScript stores, which two memories that are the same at the end
// of each call cannot show: what has changed in memory at each of its atomic accesses and its fence.

import { afterEach, describe, expect, it, vi } from "vitest";
import * as layout from "../../assembly/public/layout.js";
import { VIRQ_TBUF } from "../../assembly/public/ops.js";
import { type JsWriter, makeJsWriter } from "../../src/writer/record.js";
import { Machine, ORIGIN_MS } from "../lib/writer-twin.js";

const BYTES = 64;
/** As it is without a spy. */
const { compareExchange } = Atomics;

/** Names of what a writer stores to, by address. */
function names(machine: Machine): Map<number, string> {
  const ring = machine.ring("t", 0);
  const data = machine.word(ring + layout.RING_DATA_AT);
  const named = new Map<number, string>([
    [layout.CPUS_AT + layout.CPU_TS_AT, "time"],
    [layout.CPUS_AT + layout.CPU_ACK_AT, "ack"],
    [layout.CONTROL_AT + layout.CTL_PENDING_AT, "pending"],
    [layout.CONTROL_AT + layout.CTL_UPCALL_AT, "upcall"],
    [ring + layout.RING_OFFSET_AT, "offset"],
    [ring + layout.RING_TALLY_AT, "tally"],
    [ring + layout.RING_CONSUMED_AT, "consumed"],
    [ring + layout.RING_DISCARDED_FULL_AT, "full"],
    [ring + layout.RING_DISCARDED_BIG_AT, "big"],
    [ring + layout.RING_BATCH_AT, "batch"],
  ]);
  for (let at: number = layout.CPU_RECORD_AT; at < layout.CPU_RINGS_AT; at += 4) {
    named.set(layout.CPUS_AT + at, "block");
  }
  for (let at = layout.RING_SUBBUFS_AT; at < layout.FRAME_BYTES; at += 4) {
    named.set(ring + at, "entries");
  }
  for (let at = 0; at < layout.FRAME_BYTES; at += 4) named.set(data + at, "data");
  return named;
}

/** A writer of CPU 0, and what it does: plain stores that were seen, atomics and fences between. */
function watched(mode: "discard" | "overwrite") {
  const machine = new Machine("wasm");
  machine.create("t", mode, BYTES, 2);
  machine.privcmd.start("t");
  machine.core.evtchn_bind(VIRQ_TBUF);
  machine.waits(1);
  const named = names(machine);
  const log: string[] = [];
  let last = machine.image();
  const plain = (): void => {
    const image = machine.image();
    const changed = new Set<string>();
    for (let at = 0; at < image.length; at += 4) {
      if (image.readInt32LE(at) === last.readInt32LE(at)) continue;
      changed.add(named.get(at) ?? named.get(at - 4) ?? `word ${at}`);
    }
    last = image;
    if (changed.size > 0) log.push(`plain ${[...changed].sort().join(" ")}`);
  };
  const spied = ["store", "compareExchange", "or", "notify"] as const;
  for (const name of spied) {
    const original = Atomics[name] as (...args: unknown[]) => unknown;
    vi.spyOn(Atomics, name).mockImplementation(((...args: unknown[]) => {
      plain();
      const [view, index] = args as [Int32Array | BigUint64Array, number];
      const result = original(...args);
      log.push(`${name} ${named.get(index * view.BYTES_PER_ELEMENT)}`);
      last = machine.image();
      return result;
    }) as never);
  }
  const fence = (): void => {
    plain();
    log.push("fence");
  };
  const core = { ...machine.core, fence };
  const writer = makeJsWriter(core, machine.views, layout.CPUS_AT, ORIGIN_MS);
  let now = 10;
  return {
    machine,
    /** Records once, and tells what it did. */
    done(call: (writer: JsWriter, now: number) => void): string[] {
      last = machine.image();
      log.length = 0;
      now += 1.1;
      call(writer, now);
      plain();
      return [...log];
    },
  };
}

/** The record, where the first ring has no room for it: not in the ring's data. */
const HELD = "plain block time";
/** Of a batch, nothing is held. */
const STAMPED = "plain time";
const RECORDED = ["plain data tally time", "store offset"];
const SWITCHED = ["fence", "plain entries tally", "store offset"];
const RAISED = ["or pending", "store upcall", "notify upcall"];
const THEN_RECORDED = ["plain data tally", "store offset"];

describe("the writer in JavaScript stores", () => {
  afterEach(() => vi.restoreAllMocks());

  it("a record, then its publication", () => {
    const { done } = watched("discard");
    expect(done((writer, now) => writer.record2(1, now, 7, 8))).toEqual(RECORDED);
  });

  it("a sub-buffer's entries, then its delivery, then tells dom0, then the record", () => {
    const { done } = watched("discard");
    done((writer, now) => writer.record7(1, now, 1, 2, 3, 4, 5, 6, 7));
    const log = done((writer, now) => writer.record7(1, now, 1, 2, 3, 4, 5, 6, 7));
    const [fence, ...rest] = SWITCHED;
    expect(log).toEqual([HELD, fence, ...rest, ...RAISED, ...THEN_RECORDED]);
  });

  it("nothing of the new sub-buffer before the reader is pushed and a fence is passed", () => {
    const { done } = watched("overwrite");
    const record = (writer: JsWriter, now: number) => writer.record7(1, now, 1, 2, 3, 4, 5, 6, 7);
    for (let i = 0; i < 2; i++) done(record);
    const log = done(record);
    // The port is pending already: the raise is coalesced.
    const pushed = [HELD, "compareExchange consumed", ...SWITCHED];
    expect(log).toEqual([...pushed, "or pending", ...THEN_RECORDED]);
  });

  it("nothing more where dom0 consumes while it pushes", () => {
    const { done, machine } = watched("overwrite");
    const record = (writer: JsWriter, now: number) => writer.record7(1, now, 1, 2, 3, 4, 5, 6, 7);
    for (let i = 0; i < 2; i++) done(record);
    const spy = vi.spyOn(Atomics, "compareExchange").mockImplementation(((...args: unknown[]) => {
      expect(machine.privcmd.consume("t", 0, 0, 0, 0)).toBe(0);
      return (compareExchange as (...args: unknown[]) => unknown)(...args);
    }) as never);
    const log = done(record);
    expect(spy).toHaveBeenCalledTimes(1);
    expect(log.slice(-5)).toEqual([...SWITCHED.slice(1), "or pending", ...THEN_RECORDED]);
  });

  it("a count where it loses every push", () => {
    const { done } = watched("overwrite");
    const record = (writer: JsWriter, now: number) => writer.record7(1, now, 1, 2, 3, 4, 5, 6, 7);
    for (let i = 0; i < 2; i++) done(record);
    const lost = (() => 1n) as never;
    const spy = vi.spyOn(Atomics, "compareExchange").mockImplementation(lost);
    expect(done(record)).toEqual([HELD, "store full"]);
    expect(spy).toHaveBeenCalledTimes(8);
  });

  it("only counters where a record is discarded", () => {
    const { done } = watched("discard");
    const record = (writer: JsWriter, now: number) => writer.record7(1, now, 1, 2, 3, 4, 5, 6, 7);
    for (let i = 0; i < 2; i++) done(record);
    expect(done(record)).toEqual([HELD, "store full"]);
    expect(done((writer, now) => writer.record(1, now, BYTES, 1))).toEqual([STAMPED, "store big"]);
    const three = ["store big", "store big", "store big"];
    expect(done((writer, now) => writer.record(1, now, BYTES, 3))).toEqual([STAMPED, ...three]);
  });

  it("a batch, then one publication, and then no batch any more", () => {
    const { done } = watched("discard");
    const log = done((writer, now) => writer.record(1, now, 8, 3));
    expect(log).toEqual(["plain batch data tally time", "store offset", "plain batch"]);
  });

  it("a batch of more than fits, each part with its one publication", () => {
    const { done } = watched("discard");
    const log = done((writer, now) => writer.record(1, now, 8, 5));
    const parts = ["plain batch data tally time", "store offset", "plain batch"];
    const [fence, ...rest] = SWITCHED;
    const second = ["plain batch data tally", "store offset", "plain batch"];
    expect(log).toEqual([...parts, fence, ...rest, ...RAISED, ...second]);
  });

  it("its ack after the record", () => {
    const { done, machine } = watched("discard");
    machine.create("other", "discard", BYTES, 2);
    machine.privcmd.destroy("other");
    expect(done((writer, now) => writer.record0(1, now))).toEqual([...RECORDED, "store ack"]);
    machine.create("next", "discard", BYTES, 2);
    machine.privcmd.destroy("next");
    const log = done((writer, now) => writer.record(1, now, 4, 2));
    expect(log.slice(-3)).toEqual(["store offset", "plain batch", "store ack"]);
    expect(done((writer, now) => writer.record0(1, now))).toEqual(RECORDED);
  });
});

describe("the writer in JavaScript, store by store", () => {
  afterEach(() => vi.restoreAllMocks());

  /** What a call stores to, atomically or not, one name for neighbours of the same name. */
  function stored(call: (writer: JsWriter) => void): string[] {
    const machine = new Machine("wasm");
    machine.create("t", "discard", BYTES, 2);
    machine.privcmd.start("t");
    const named = names(machine);
    const log: string[] = [];
    const note = (at: number): void => {
      const name = named.get(at) ?? `word ${at}`;
      if (log.at(-1) !== name) log.push(name);
    };
    type View = Int32Array | BigUint64Array;
    const originals = new Map<object, View>();
    const traced = <T extends View>(view: T): T => {
      const proxy = new Proxy(view, {
        get(target, key) {
          const value: unknown = Reflect.get(target, key, target);
          if (key !== "copyWithin") return value;
          return (to: number, from: number, end: number) => {
            for (let i = 0; i < end - from; i++) note((to + i) * 4);
            target.copyWithin(to, from, end);
          };
        },
        set(target, key, value) {
          note(Number(key) * target.BYTES_PER_ELEMENT);
          return Reflect.set(target, key, value, target);
        },
      });
      originals.set(proxy, view);
      return proxy;
    };
    for (const name of ["load", "store", "compareExchange", "or", "notify"] as const) {
      const original = Atomics[name] as (...args: unknown[]) => unknown;
      vi.spyOn(Atomics, name).mockImplementation(((proxy: View, at: number, ...args: unknown[]) => {
        const view = originals.get(proxy) ?? proxy;
        if (name === "store") note(at * view.BYTES_PER_ELEMENT);
        return original(view, at, ...args);
      }) as never);
    }
    const views = {
      ...machine.views,
      words: traced(machine.views.words),
      longs: traced(machine.views.longs),
    };
    call(makeJsWriter(machine.core, views, layout.CPUS_AT, ORIGIN_MS));
    vi.restoreAllMocks();
    machine.close();
    return log;
  }

  it("has counted a record before it publishes it", () => {
    expect(stored((writer) => writer.record2(1, 20, 7, 8))).toEqual([
      ...["time", "data", "tally", "offset"],
    ]);
  });

  it("has noted a batch before its tally is ahead, until it is published", () => {
    const part = ["data", "batch", "tally", "offset", "batch"];
    expect(stored((writer) => writer.record(1, 20, 8, 3))).toEqual(["time", ...part]);
    expect(stored((writer) => writer.record(1, 20, 8, 5))).toEqual([
      ...["time", ...part, "entries", "tally", "offset", ...part],
    ]);
  });
});
