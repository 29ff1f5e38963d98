// dom0's two faces at once: what the seed's operations do must be seen by the typed objects, also where the
// operations are those of a dom0 that was closed since.

import { beforeEach, describe, expect, it } from "vitest";
import { type Dom0, facility, field, type Hypervisor, type Trace, u32 } from "../../src/index.js";
import { cpuInfo, decode, drained } from "../lib/records.js";
import { useWorld } from "../lib/world.js";

const world = useWorld();
const app = facility("faces", { step: [field("n", u32)] });
/** Records of 12 bytes in a sub-buffer of 64. */
const FULL = 5;

let hypervisor: Hypervisor;

beforeEach(() => {
  hypervisor = world.boot({ cpus: 2, memoryBytes: 1 << 20 });
  hypervisor.attach();
});

function started(dom0: Dom0): Trace {
  const trace = dom0.createTrace("a", { events: "faces", subbufBytes: 64, subbufCount: 4 });
  trace.start();
  return trace;
}

function steps(from: number, to: number): void {
  for (let n = from; n < to; n++) app.step(n);
}

const numbers = (dom0: Dom0, trace: Trace) =>
  decode(dom0, drained(trace)).map(({ fields }) => fields.n);

describe("the operations of a dom0 that was closed", () => {
  it("end traces of the one that this thread is now", () => {
    const before = hypervisor.dom0();
    const first = started(before);
    before.close();
    const dom0 = hypervisor.dom0();
    const trace = dom0.openTrace("a");
    steps(0, 2);
    expect(numbers(dom0, trace)).toEqual([0, 1]);
    expect(before.ops.destroy("a")).toBe(0);
    expect([first.destroyed, trace.destroyed]).toEqual([true, true]);
    expect(() => trace.info()).toThrow(expect.objectContaining({ code: "name-unknown" }));
    // Another one may have the name, and is not taken for the old one.
    const next = started(dom0);
    steps(2, 4);
    expect(numbers(dom0, next)).toEqual([2, 3]);
    expect([trace.destroyed, next.destroyed]).toEqual([true, false]);
  });

  it("are not heard of by other instances' dom0", () => {
    const other = world.boot({ cpus: 2, memoryBytes: 1 << 20 });
    const kept = started(other.dom0());
    const dom0 = hypervisor.dom0();
    started(dom0);
    expect(dom0.ops.destroy("a")).toBe(0);
    expect(kept.destroyed).toBe(false);
  });
});

describe("ops.consume", () => {
  it("does not give back what a reader holds a view of", () => {
    const dom0 = hypervisor.dom0();
    const trace = started(dom0);
    steps(0, 4 * FULL);
    let looked = 0;
    trace.drain((packet) => {
      const { consumed } = cpuInfo(trace, 0);
      const kept = packet.bytes.slice();
      expect(dom0.ops.consume("a", 0, consumed)).toBe(1);
      expect(dom0.ops.reason()).toMatch(/being read/);
      // It would be overwritten by these.
      steps(100, 100 + 5 * FULL);
      expect(packet.bytes).toEqual(kept);
      looked++;
    });
    expect(looked).toBeGreaterThan(3);
    expect(cpuInfo(trace, 0).taken).toBeGreaterThanOrEqual(4 * FULL);
  });

  it("does not in the body of a loop, and does after it", async () => {
    const dom0 = hypervisor.dom0();
    const trace = started(dom0);
    steps(0, 2 * FULL + 1);
    for await (const _ of trace.packets()) {
      expect(dom0.ops.consume("a", 0, 0)).toBe(1);
      expect(dom0.ops.consume("a", 1, 0), "another CPU, which has no buffer").toBe(1);
      expect(dom0.ops.reason()).toMatch(/no buffer/);
      break;
    }
    // The packet in which the loop was left is there still.
    expect(dom0.ops.consume("a", 0, 0)).toBe(0);
    expect(cpuInfo(trace, 0)).toMatchObject({ consumed: 64, taken: FULL });
    expect(numbers(dom0, trace)).toEqual([5, 6, 7, 8, 9, 10]);
  });

  it("says of a later failure what that one was", () => {
    const dom0 = hypervisor.dom0();
    const trace = started(dom0);
    steps(0, FULL + 1);
    let looked = 0;
    trace.drain(() => {
      if (looked++ > 0) return;
      expect(dom0.ops.consume("a", 0, 0)).toBe(1);
      expect(dom0.ops.start("nothing")).toBe(1);
      expect(dom0.ops.reason()).toBe("no trace has that name");
    });
    expect(looked).toBe(2);
  });
});
