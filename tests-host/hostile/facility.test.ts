// Descriptions of facilities are scribbled on: no two facilities claim one event, or no reader could
// read the trace any more, and one wrong word costs one facility at most (I10).

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as layout from "../../assembly/public/layout.js";
import type { RegisteredFacility } from "../../src/host/index.js";
import { type Dom0, facility, field, Hypervisor, u32 } from "../../src/index.js";
import { Memory } from "../lib/memory.js";
import { drained } from "../lib/records.js";
import { useWorld } from "../lib/world.js";

const world = useWorld();
for (const name of ["first", "second", "third"]) {
  facility(`hostile_${name}`, { one: [field("n", u32)], two: [field("n", u32)] });
}

interface Described {
  readonly hypervisor: Hypervisor;
  readonly memory: Memory;
  /** As they are when nobody has scribbled. */
  readonly truth: readonly RegisteredFacility[];
  /** Addresses of the descriptions, in the same order. */
  readonly slots: readonly number[];
}

/** A hypervisor whose facilities another instance has registered, or this thread's own too. */
function described(own: boolean): Described {
  world.scribbled();
  const hypervisor = world.boot({ cpus: 2, memoryBytes: 1 << 20 });
  const memory = new Memory(hypervisor);
  if (own) hypervisor.attach().detach();
  else Hypervisor.join(hypervisor.handle()).attach().detach();
  const reader = hypervisor.dom0();
  const truth = [...reader.facilities()];
  reader.close();
  const slots = truth.map((_, i) => memory.control(layout.CTL_FACILITIES_AT + i * 4));
  return { hypervisor, memory, truth, slots };
}

const brief = ({ firstEvent, definition }: RegisteredFacility) =>
  [firstEvent, definition.name] as const;

function expectDisjoint(dom0: Dom0): void {
  let end = 0;
  for (const { firstEvent, definition } of dom0.facilities()) {
    expect(firstEvent).toBeGreaterThanOrEqual(end);
    end = firstEvent + definition.events.length;
  }
  expect(end).toBeLessThanOrEqual(layout.EVENTS_MAX);
}

const WORDS = [
  layout.FACILITY_FIRST_AT,
  layout.FACILITY_EVENTS_AT,
  layout.FACILITY_BYTES_AT,
  layout.FACILITY_NAME_BYTES_AT,
];

describe("facilities of which a word was overwritten", () => {
  it("do not claim another's events, and cost no other facility its place", () => {
    const { hypervisor, memory, truth, slots } = described(false);
    const [victim, other] = [truth.length - 2, truth.length - 1];
    for (const lie of [
      truth[other]?.firstEvent ?? 0,
      truth[0]?.firstEvent ?? 0,
      4000,
      0xffffffff,
    ]) {
      memory.words[((slots[victim] ?? 0) + layout.FACILITY_FIRST_AT) / 4] = lie;
      const dom0 = hypervisor.dom0();
      expectDisjoint(dom0);
      const expected = truth.filter((_, i) => i !== victim).map(brief);
      expect(dom0.facilities().map(brief)).toEqual(expected);
      dom0.close();
    }
  });

  it("are known all the same to a thread that has registered them itself", () => {
    const { hypervisor, memory, truth, slots } = described(true);
    slots.forEach((slot, i) => {
      const lie = truth[(i + 1) % truth.length]?.firstEvent ?? 0;
      memory.words[(slot + layout.FACILITY_FIRST_AT) / 4] = lie;
    });
    expect(hypervisor.dom0().facilities()).toEqual(truth);
  });

  it.each([true, false])("are reported at their true places or not at all (own: %s)", (own) => {
    const { hypervisor, memory, truth, slots } = described(own);
    const lie = fc.oneof(
      fc.constantFrom(...truth.map(({ firstEvent }) => firstEvent)),
      fc.constantFrom(0, 1, 2, 3, 4095, 4096, 0x7fffffff, 0x80000000, 0xffffffff),
      fc.nat(4200),
    );
    const slot = fc.nat(truth.length - 1);
    fc.assert(
      fc.property(slot, fc.constantFrom(...WORDS), lie, (i, word, value) => {
        const at = ((slots[i] ?? 0) + word) / 4;
        const before = memory.words[at] ?? 0;
        memory.words[at] = value;
        const dom0 = hypervisor.dom0();
        expectDisjoint(dom0);
        const found = dom0.facilities().map(brief);
        for (const each of truth.filter((_, j) => j !== i))
          expect(found).toContainEqual(brief(each));
        expect(truth.map(brief)).toEqual(expect.arrayContaining(found));
        dom0.close();
        memory.words[at] = before;
      }),
      { numRuns: 200 },
    );
  });

  it("never claim one event twice, whatever their words are", () => {
    const { hypervisor, memory, truth, slots } = described(false);
    const lies = fc.array(
      fc.record({
        slot: fc.nat(truth.length - 1),
        word: fc.constantFrom(...WORDS),
        value: fc.oneof(fc.nat(64), fc.nat(4200), fc.nat(0xffffffff)),
      }),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(lies, (all) => {
        const undo = all.map(({ slot, word, value }) => {
          const at = ((slots[slot] ?? 0) + word) / 4;
          const before = memory.words[at] ?? 0;
          memory.words[at] = value;
          return () => {
            memory.words[at] = before;
          };
        });
        const dom0 = hypervisor.dom0();
        expectDisjoint(dom0);
        dom0.close();
        for (const back of undo.reverse()) back();
      }),
      { numRuns: 200 },
    );
  });
});

describe("a thread that registers when words were overwritten", () => {
  it("is refused events that are another facility's of its own, or none", () => {
    const { hypervisor, memory, truth, slots } = described(false);
    const at = ((slots[truth.length - 1] ?? 0) + layout.FACILITY_FIRST_AT) / 4;
    for (const lie of [truth[0]?.firstEvent ?? 0, layout.EVENTS_MAX - 1, 0x7fffffff]) {
      memory.words[at] = lie;
      const member = Hypervisor.join(hypervisor.handle());
      expect(() => member.attach()).toThrow(expect.objectContaining({ code: "corrupt" }));
    }
  });

  it("registers all the same where a trace's selection makes no sense", () => {
    world.scribbled();
    const hypervisor = world.boot({ cpus: 2, memoryBytes: 1 << 20 });
    const memory = new Memory(hypervisor);
    const dom0 = hypervisor.dom0();
    dom0.createTrace("scribbled", { events: "hostile_first" });
    const sound = dom0.createTrace("sound", { events: "hostile_first" });
    sound.start();
    const [frame = 0] = memory.traces();
    memory.bytes[frame + layout.TRACE_PATTERN_AT] = ",".charCodeAt(0);
    const cpu = hypervisor.attach();
    cpu.detach();
    expect(drained(sound)).toEqual([]);
    expect(dom0.facilities().map(({ definition }) => definition.name)).toContain("hostile_third");
  });
});
