// Facilities: the table of event descriptions that all threads share.

import { join, leave, scratchAt } from "../assembly/cpu";
import { bind, take } from "../assembly/evtchn";
import { facility } from "../assembly/facility";
import { map, mfnOf } from "../assembly/page";
import { CTL_FACILITIES_AT } from "../assembly/public/layout";
import {
  REASON_EVENTS_FULL,
  REASON_FACILITIES_FULL,
  REASON_FACILITY_BYTES,
  REASON_FACILITY_DIFFERS,
  REASON_NO_MEMORY,
  REASON_NOT_JOINED,
  VIRQ_DOM_EXC,
} from "../assembly/public/ops";
import { reason } from "../assembly/reason";
import { audit, found } from "./audit";
import {
  changed,
  controlWord,
  die,
  elsewhere,
  framesFree,
  hex,
  remember,
  reset,
  words,
} from "./machine";

/** Lays a name and a definition in the scratch area and registers them. */
function register(name: string, definition: string, events: u32): i32 {
  const nameBytes = name.length;
  const at = scratchAt();
  String.UTF8.encodeUnsafe(changetype<usize>(name), nameBytes, at);
  const text = changetype<usize>(definition);
  String.UTF8.encodeUnsafe(text, definition.length, at + nameBytes);
  return facility(nameBytes, nameBytes + definition.length, events);
}

/** Address of the n-th description, 0 when there is none. */
function description(n: u32): u32 {
  return controlWord(CTL_FACILITIES_AT + n * 4);
}

beforeEach(() => {
  reset();
  join(1, 1, 0);
});
afterEach(audit);

describe("facility", () => {
  it("gives consecutive ids, from 0 on", () => {
    expect(register("core", "{}", 3)).toBe(0);
    expect(register("xen_sched", "{}", 18)).toBe(3);
    expect(register("mine", "{}", 1)).toBe(21);
    expect(register("yours", "{}", 1)).toBe(22);
  });

  it("keeps name and definition in frames that dom0 may map", () => {
    register("core", "{}", 3);
    register("ab", "cdef", 2);
    const at = description(1);
    // bytes, bytes of the name, events, first event.
    expect(words(at, 4)).toBe("6 2 2 3");
    expect(hex(at + 16, 8)).toBe("61 62 63 64 65 66 00 00");
    expect(map(mfnOf(at), 1)).toBe(0);
    expect(description(2)).toBe(0);
  });

  it("gives the same ids for the same definition, and keeps no second copy", () => {
    register("core", "{}", 3);
    const first = register("mine", "[1]", 2);
    const free = framesFree();
    expect(register("mine", "[1]", 2)).toBe(first);
    die();
    elsewhere(2);
    join(3, 3, 0);
    expect(register("mine", "[1]", 2)).toBe(3);
    // Two scratch areas of 4 frames, nothing else.
    expect(framesFree()).toBe(free - 8);
  });

  it("tells dom0", () => {
    const port = bind(VIRQ_DOM_EXC);
    register("core", "{}", 3);
    expect(take()).toBe(1 << port);
    register("core", "{}", 3);
    expect(take()).toBe(0);
  });

  it("outlives the thread that registered it", () => {
    register("mine", "[1]", 2);
    leave();
    join(2, 2, 0);
    expect(register("mine", "[1]", 2)).toBe(0);
    expect(register("other", "[1]", 2)).toBe(2);
  });

  it("tells names apart that begin alike", () => {
    expect(register("a", "b", 1)).toBe(0);
    expect(register("ab", "", 1)).toBe(1);
    expect(register("abc", "", 1)).toBe(2);
    expect(register("ab", "", 1)).toBe(1);
  });
});

describe("a facility's size", () => {
  it("may be no event, and no definition", () => {
    expect(register("none", "", 0)).toBe(0);
    expect(register("core", "{}", 3)).toBe(0);
    expect(register("next", "{}", 3)).toBe(3);
  });

  it("may fill the scratch area: 16384 bytes", () => {
    memory.fill(scratchAt(), 0x61, 16384);
    const free = framesFree();
    expect(facility(16384, 16384, 1)).toBe(0);
    // 16 + 16384 bytes need 5 frames, a run of 8.
    expect(framesFree()).toBe(free - 8);
    expect(load<u8>(description(0) + 16 + 16383)).toBe(0x61);
  });

  it("is refused beyond it, and without a name", () => {
    remember();
    expect(facility(4, 16385, 1)).toBe(-1);
    expect(reason()).toBe(REASON_FACILITY_BYTES);
    expect(facility(4, 0xffffffff, 1)).toBe(-1);
    expect(reason()).toBe(REASON_FACILITY_BYTES);
    expect(facility(0, 10, 1)).toBe(-1);
    expect(reason()).toBe(REASON_FACILITY_BYTES);
    expect(facility(11, 10, 1)).toBe(-1);
    expect(reason()).toBe(REASON_FACILITY_BYTES);
    expect(changed()).toBe(0);
  });
});

describe("full tables", () => {
  it("take the 4096th event and refuse the next", () => {
    expect(register("a", "{}", 4000)).toBe(0);
    expect(register("b", "{}", 97)).toBe(-1);
    expect(reason()).toBe(REASON_EVENTS_FULL);
    expect(register("b", "{}", 96)).toBe(4000);
    remember();
    expect(register("c", "{}", 1)).toBe(-1);
    expect(reason()).toBe(REASON_EVENTS_FULL);
    expect(register("d", "{}", 0xffffffff)).toBe(-1);
    expect(reason()).toBe(REASON_EVENTS_FULL);
    expect(changed()).toBe(0);
    expect(register("e", "{}", 0)).toBe(4096);
  });

  it("take the 64th facility and refuse the next", () => {
    for (let i: i32 = 0; i < 64; i++) expect(register("f" + i.toString(), "{}", 1)).toBe(i);
    remember();
    expect(register("g", "{}", 1)).toBe(-1);
    expect(reason()).toBe(REASON_FACILITIES_FULL);
    expect(changed()).toBe(0);
    expect(register("f63", "{}", 1)).toBe(63);
  });

  it("leave memory as it was when it is out", () => {
    reset(64);
    join(1, 1, 0);
    // 55 frames less 4 of the scratch area: 51 facilities of one frame each.
    for (let i: i32 = 0; i < 51; i++) expect(register("f" + i.toString(), "{}", 1)).toBe(i);
    expect(framesFree()).toBe(0);
    remember();
    expect(register("g", "{}", 1)).toBe(-1);
    expect(reason()).toBe(REASON_NO_MEMORY);
    expect(changed()).toBe(0);
    expect(register("f7", "{}", 1)).toBe(7);
  });
});

describe("a definition that differs", () => {
  it("is refused, whatever differs", () => {
    register("mine", "[1]", 2);
    remember();
    expect(register("mine", "[2]", 2)).toBe(-1);
    expect(reason()).toBe(REASON_FACILITY_DIFFERS);
    expect(register("mine", "[1] ", 2)).toBe(-1);
    expect(reason()).toBe(REASON_FACILITY_DIFFERS);
    expect(register("mine", "[1", 2)).toBe(-1);
    expect(reason()).toBe(REASON_FACILITY_DIFFERS);
    expect(register("mine", "", 2)).toBe(-1);
    expect(reason()).toBe(REASON_FACILITY_DIFFERS);
    expect(changed()).toBe(0);
    expect(register("mine", "[1]", 2)).toBe(0);
  });

  it("is refused when only the number of its events differs", () => {
    register("mine", "[1]", 2);
    expect(register("mine", "[1]", 3)).toBe(-1);
    expect(reason()).toBe(REASON_FACILITY_DIFFERS);
  });
});

describe("a thread that has not joined", () => {
  it("registers nothing", () => {
    leave();
    remember();
    expect(facility(1, 2, 1)).toBe(-1);
    expect(reason()).toBe(REASON_NOT_JOINED);
    expect(changed()).toBe(0);
  });
});

describe("afterwards", () => {
  it("memory is sound after every test (I9)", () => {
    expect(found()).toBe("");
  });
});
