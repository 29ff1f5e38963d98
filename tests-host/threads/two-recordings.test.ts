// A thread that is recorded by one hypervisor joins another one for a while, as a program under `tbuf record` does
// that has a flight recorder: afterwards it is recorded by the first one again, and no event goes nowhere.

import { describe, expect, it } from "vitest";
import { facility, flightRecorder, type Hypervisor, u32 } from "../../src/index.js";
import { useWorld } from "../lib/world.js";

const world = useWorld();
const app = facility("two_recordings", { tick: { n: u32 } });

/** A hypervisor that records this thread's events. @returns how many it has, and what ends it */
function recorded(hypervisor: Hypervisor) {
  const trace = hypervisor.dom0().createTrace("t", { events: "two_recordings*" });
  const cpu = hypervisor.attach();
  trace.start();
  const records = () => trace.info().cpus.reduce((sum, each) => sum + each.records, 0);
  return { cpu, records };
}

describe("a thread that is a CPU of two hypervisors", () => {
  it("is recorded by the first again once it has left the second", () => {
    const first = recorded(world.boot());
    app.tick({ n: 1 });
    const second = recorded(world.boot());
    app.tick({ n: 2 });
    app.tick({ n: 3 });
    expect([first.records(), second.records()]).toEqual([1, 2]);
    second.cpu.detach();
    app.tick({ n: 4 });
    expect([first.records(), second.records()]).toEqual([2, 2]);
    first.cpu.detach();
    app.tick({ n: 5 });
    expect([first.records(), second.records()]).toEqual([2, 2]);
  });

  it("may leave the first before the second", () => {
    const [first, second, third] = [world.boot(), world.boot(), world.boot()].map(recorded);
    if (!first || !second || !third) throw new Error("three were booted");
    second.cpu.detach();
    app.tick({ n: 1 });
    third.cpu.detach();
    app.tick({ n: 2 });
    first.cpu.detach();
    app.tick({ n: 3 });
    expect([first.records(), second.records(), third.records()]).toEqual([1, 0, 1]);
  });

  it("records there what was defined meanwhile", () => {
    const first = recorded(world.boot());
    const second = recorded(world.boot());
    const late = facility("two_recordings_late", { come: { n: u32 } });
    second.cpu.detach();
    late.come({ n: 1 });
    expect(first.records()).toBe(1);
  });

  it("goes on after a flight recorder", () => {
    const outer = recorded(world.boot());
    const flight = flightRecorder({ bytes: 4096 });
    app.tick({ n: 1 });
    flight.close();
    app.tick({ n: 2 });
    expect(outer.records()).toBe(1);
  });
});
