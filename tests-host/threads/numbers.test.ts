// Every number of a thread that crosses into the hypervisor is checked: it sees 32 bits, where 2^32 + 5
// would act as 5, and -1 as the mark of a free place (I2).

import { describe, expect, it } from "vitest";
import { describeValue } from "../../src/errors.js";
import { Hypervisor } from "../../src/index.js";
import { useWorld } from "../lib/world.js";

const world = useWorld();
const MOST = 2 ** 31 - 2;
const bad = [-1, 1.5, MOST + 1, 2 ** 32 + 5, Number.NaN, Number.POSITIVE_INFINITY, "5", null];

const uses: [string, (hypervisor: Hypervisor, n: never) => unknown][] = [
  ["reap: tid", (hypervisor, n) => hypervisor.reap(n)],
  ["threadsOf: tid", (hypervisor, n) => hypervisor.threadsOf(n)],
  ["dom0: tid", (hypervisor, n) => hypervisor.dom0(n)],
  ["attach: tid", (hypervisor, n) => hypervisor.attach({ tid: n })],
  ["attach: parent", (hypervisor, n) => hypervisor.attach({ tid: 7, parent: n })],
  ["attach: parent", (hypervisor, n) => hypervisor.attach({ tid: 7, parent: [6, n] })],
];

describe("a number that no thread has", () => {
  it.each(uses)("is refused, with the limit: %s", (what, use) => {
    const hypervisor = world.boot();
    const other = world.adopt(Hypervisor.join(hypervisor.handle()));
    other.attach({ tid: 5, current: false });
    for (const each of bad) {
      const message = `${what} must be an integer from 0 to ${MOST}, got ${describeValue(each)}`;
      const wanted = expect.objectContaining({ code: "bad-option", message });
      expect(() => use(hypervisor, each as never)).toThrow(wanted);
    }
    expect(hypervisor.threadsOf(5), "nobody was reaped").toHaveLength(1);
    expect(hypervisor.cpu).toBeUndefined();
  });

  it("is refused by the hypervisor itself", () => {
    const { core } = world.boot();
    expect([core.dom0_claim(-1), core.dom0_held()]).toEqual([1, 0]);
    expect(core.cpu_join(-1, 0, 0)).toBe(-1);
    expect(core.cpu_reap(-1)).toBe(0);
    expect(core.thread_started_by(-1, 0)).toBe(0);
  });
});

describe("the largest number of a thread", () => {
  it("is one like any other", async () => {
    const hypervisor = world.boot();
    const dom0 = hypervisor.dom0(MOST);
    const other = world.adopt(Hypervisor.join(hypervisor.handle()));
    const { tid } = other.attach({ tid: MOST, parent: [MOST - 1, 0], current: false });
    expect(hypervisor.threadsOf(0)).toMatchObject([{ tid, parent: MOST - 1 }]);
    expect(hypervisor.reap(MOST)).toBe(1);
    expect(() => dom0.createTrace("a")).toThrow(expect.objectContaining({ code: "not-dom0" }));
  });
});
