// Which wall time the hypervisor's time 0 is.

import { afterEach, describe, expect, it, vi } from "vitest";
import { readClockBase } from "../../src/clock/clock.js";

const HOUR_MS = 3_600_000;
/** Nanoseconds since the epoch by the time origin, at the base's time 0. */
const bySum = ({ timeOriginMs, bootMs }: ReturnType<typeof readClockBase>) =>
  BigInt(Math.round((timeOriginMs + bootMs) * 1000)) * 1000n;

afterEach(() => {
  vi.restoreAllMocks();
});

describe("the clock's base", () => {
  it("has the wall time of the time origin where Date.now() does not contradict it", () => {
    const now = vi.spyOn(performance, "now").mockReturnValue(1234.5678);
    vi.spyOn(Date, "now").mockReturnValue(Math.floor(performance.timeOrigin + 1234.5678));
    const base = readClockBase();
    expect(base.bootMs).toBe(1234.5678);
    expect(base.wallNs).toBe(bySum(base));
    expect(now).toHaveBeenCalled();
  });

  it.each([HOUR_MS, -HOUR_MS, 2, -2])("follows a wall clock that was set by %i ms", (byMs) => {
    vi.spyOn(performance, "now").mockReturnValue(1000);
    const wallMs = Math.floor(performance.timeOrigin + 1000) + byMs;
    vi.spyOn(Date, "now").mockReturnValue(wallMs);
    const { wallNs } = readClockBase();
    expect(wallNs).toBeGreaterThanOrEqual(BigInt(wallMs) * 1_000_000n);
    expect(wallNs).toBeLessThanOrEqual(BigInt(wallMs + 1) * 1_000_000n);
  });

  it("holds when the thread is interrupted between the two clocks", () => {
    const { timeOrigin } = performance;
    vi.spyOn(performance, "now").mockReturnValueOnce(1000).mockReturnValueOnce(1050);
    vi.spyOn(Date, "now").mockReturnValue(Math.floor(timeOrigin + 1049));
    const base = readClockBase();
    expect(base.wallNs).toBe(bySum(base));
  });

  it("reads the wall clock once: boot waits for no step of it", () => {
    const now = vi.spyOn(Date, "now").mockReturnValue(5);
    readClockBase();
    expect(now).toHaveBeenCalledTimes(1);
  });
});
