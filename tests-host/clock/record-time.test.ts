// Times beyond what a record's header holds: 52 bits, 52 days.

import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { timeFrom, timeUntil } from "../../src/clock/record-time.js";
import { facility, Hypervisor, u32 } from "../../src/index.js";

const DAY_MS = 86_400_000;
const TURN = 1n << 52n;
const times = fc.bigInt({ min: 0n, max: 1n << 60n });
const gaps = fc.bigInt({ min: 0n, max: TURN - 1n });
const low = (time: bigint) => BigInt.asUintN(52, time);

describe("a record's time", () => {
  it("is known from any later time within 52 days (I8)", () => {
    fc.assert(
      fc.property(times, gaps, (time, gap) => {
        expect(timeUntil(low(time), time + gap)).toBe(time);
      }),
    );
  });

  it("is known from any earlier time within 52 days (I8)", () => {
    fc.assert(
      fc.property(times, gaps, (time, gap) => {
        const bound = time > gap ? time - gap : 0n;
        fc.pre(time - bound < TURN);
        expect(timeFrom(low(time), bound)).toBe(time);
      }),
    );
  });
});

describe("a thread that was idle for weeks", () => {
  const app = facility("idle", { tick: { n: u32 } });
  let hypervisor: Hypervisor;
  afterEach(() => hypervisor.close());

  it.each([27, 51])("is read all the same: %i days (I8)", (days) => {
    hypervisor = Hypervisor.boot({ memoryBytes: 4 * 65536, cpus: 1 });
    const dom0 = hypervisor.dom0();
    let nowMs = performance.now() + 60 * DAY_MS;
    hypervisor.attach({ clock: { now: () => nowMs } });
    const trace = dom0.createTrace("t", { events: "idle", subbufBytes: 64 });
    trace.start();
    app.tick({ n: 1 });
    nowMs += days * DAY_MS;
    for (let n = 2; n < 8; n++) app.tick({ n });
    const packets: [number, number][] = [];
    trace.drain(
      ({ begin, end, records }) => packets.push([Math.round(Number(end - begin) / 1e6), records]),
      {
        partial: false,
      },
    );
    expect(packets).toEqual([[days * DAY_MS, 5]]);
    expect(trace.info().corrupt).toEqual([]);
  });
});
