// The run for a CPU's texts of labels: one a slot, which stays with it, whoever dies where.

import { cpuAt, cpuIndex, join, leave, reap } from "../assembly/cpu";
import { labels } from "../assembly/label";
import { addressOf, alloc, map, mfnOf, ownerOf, runFrames, setOwner } from "../assembly/page";
import { CPU_LABELS_AT, OWNER_CPU, OWNER_LABELS } from "../assembly/public/layout";
import { audit, found } from "./audit";
import { die, framesFree, reset } from "./machine";

beforeEach(() => {
  reset();
});
afterEach(audit);

describe("labels", () => {
  it("gives a CPU one run, of the order that it asks for first", () => {
    join(1, 1, 0);
    const at = labels(2);
    expect(at).not.toBe(0);
    expect(runFrames(mfnOf(at))).toBe(4);
    expect(load<u32>(cpuAt, CPU_LABELS_AT)).toBe(at);
    for (let i: u32 = 0; i < 4; i++) expect(ownerOf(mfnOf(at) + i)).toBe(OWNER_LABELS);
    const free = framesFree();
    expect(labels(0)).toBe(at);
    expect(framesFree()).toBe(free);
  });

  it("gives nothing to who is no CPU, and nothing where memory is out", () => {
    expect(labels(0)).toBe(0);
    join(1, 1, 0);
    while (alloc(0, OWNER_LABELS)) {}
    expect(labels(0)).toBe(0);
    expect(load<u32>(cpuAt, CPU_LABELS_AT)).toBe(0);
  });

  it("stays with the slot, whoever comes next", () => {
    join(1, 1, 0);
    const at = labels(0);
    store<u32>(at, 4);
    leave();
    join(2, 2, 0);
    expect(labels(0)).toBe(at);
    expect(load<u32>(at)).toBe(4);
  });

  it("is not mapped by dom0: it reads the texts in place", () => {
    join(1, 1, 0);
    expect(map(mfnOf(labels(0)), 1)).toBe(1);
  });

  it("is given away by the reaper when its thread died before it had done so", () => {
    join(1, 1, 0);
    const block = cpuAt;
    const owner = OWNER_CPU + cpuIndex();
    const mfn = alloc(2, owner);
    store<u32>(block, <u32>addressOf(mfn), CPU_LABELS_AT);
    // Half of it, from the end, as setOwner goes.
    setOwner(mfn, OWNER_LABELS);
    setOwner(mfn, owner);
    die();
    expect(reap(1)).toBe(1);
    for (let i: u32 = 0; i < 4; i++) expect(ownerOf(mfn + i)).toBe(OWNER_LABELS);
    expect(load<u32>(block, CPU_LABELS_AT)).toBe(<u32>addressOf(mfn));
  });

  it("is freed by the reaper when its thread died before it was named", () => {
    join(1, 1, 0);
    const free = framesFree();
    alloc(2, OWNER_CPU + cpuIndex());
    die();
    reap(1);
    expect(framesFree()).toBe(free);
  });
});

describe("afterwards", () => {
  it("memory is sound after every test (I9)", () => {
    expect(found()).toBe("");
  });
});
