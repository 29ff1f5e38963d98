// Facilities: threads that define one alike share its events, and nobody else may have its name.

import { beforeEach, describe, expect, it } from "vitest";
import { toJson } from "../../src/event/index.js";
import {
  array,
  type Dom0,
  enumOf,
  facility,
  Hypervisor,
  tracepointsOf,
  u32,
} from "../../src/index.js";
import { decode, drained, fieldsOf } from "../lib/records.js";
import { useWorld } from "../lib/world.js";

const world = useWorld();

let hypervisor: Hypervisor;
let dom0: Dom0;

beforeEach(() => {
  hypervisor = world.boot({ cpus: 2 });
  dom0 = hypervisor.dom0();
  hypervisor.attach();
});

describe("a facility", () => {
  const data = (fields: string[][], first: boolean) => ({ data: { fields, first } });
  const N = [["n", "u32"]];

  it("that two threads define alike has the same ids in both", async () => {
    const shared = dom0.createTrace("shared", { events: "shared_table" });
    shared.start();
    await world.spawn(hypervisor, "thread-define", data(N, true));
    await world.spawn(hypervisor, "thread-define", data(N, false));
    const found = dom0.facilities().filter(({ definition }) => definition.name === "shared_table");
    expect(found).toHaveLength(1);
    expect(decode(dom0, drained(shared))).toMatchObject([
      { event: "shared_table:one" },
      { event: "shared_table:one" },
    ]);
  });

  it.each([
    ["other names", [["m", "u32"]]],
    ["other types", [["n", "string"]]],
    ["more fields", [...N, ["m", "u32"]]],
  ])("that is defined with %s is refused, before and after attach", async (_name, fields) => {
    const first = await world.spawn(hypervisor, "thread-define", data(N, true));
    await first.exited;
    for (const early of [true, false]) {
      const thread = await world.spawn(hypervisor, "thread-define", data(fields, early));
      expect(thread.messages).toMatchObject([{ code: "facility-differs" }]);
      expect(thread.messages).toMatchObject([{ message: /shared_table/ }]);
    }
  });

  it("may be defined twice in one thread", () => {
    const again = facility("tp_twice", { one: { n: u32 } });
    const same = facility("tp_twice", { one: { n: u32 } });
    const both = dom0.createTrace("twice", { events: "tp_twice" });
    both.start();
    again.one({ n: 1 });
    same.one({ n: 2 });
    expect(fieldsOf(decode(dom0, drained(both)), "tp_twice:one")).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it("is described alike to the dom0 that has registered it and to any other", () => {
    facility("described", { one: { n: u32, e: enumOf({ a: 1 }) }, two: { list: array(u32) } });
    const texts = (of: Dom0) =>
      of.facilities().map(({ firstEvent, definition }) => [firstEvent, toJson(definition)]);
    const own = texts(dom0);
    expect(own.at(-1)?.[1]).toContain('"described"');
    dom0.close();
    expect(texts(Hypervisor.join(hypervisor.handle()).dom0())).toEqual(own);
  });

  it("is known as it was registered, whatever its definition becomes", () => {
    const one = { name: "one", fields: [{ name: "n", type: u32 }] };
    const definition = { name: "by_hand", events: [one] };
    tracepointsOf(definition);
    const registered = toJson(definition);
    one.name = "other";
    expect(dom0.facilities().map((each) => toJson(each.definition))).toContain(registered);
  });
});
