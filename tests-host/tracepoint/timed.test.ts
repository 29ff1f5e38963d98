// Tracepoints that are told when it was.

import { expect, it } from "vitest";
import { defineFacility, event, field } from "../../src/event/definition.js";
import { string, u32, u64 } from "../../src/event/field.js";
import { high, low, timedTracepoints } from "../../src/tracepoint/timed.js";
import { decode, drained } from "../lib/records.js";
import { useWorld } from "../lib/world.js";

const world = useWorld();
const definition = defineFacility("timed", {
  none: event([], {}),
  two: event([field("start", u64), field("n", u32)], {}),
});

it("record at the time that they are told, in words, and only while somebody records", () => {
  const { none, two } = timedTracepoints(definition);
  expect(timedTracepoints(definition).two).toBe(two);
  none(1);
  const hypervisor = world.boot();
  const dom0 = hypervisor.dom0();
  hypervisor.attach();
  expect(two.enabled()).toBe(false);
  const trace = dom0.createTrace("t", { events: "timed" });
  trace.start();
  expect(two.enabled()).toBe(true);
  const at = performance.now();
  const start = 2 ** 40 + 5;
  two(at - 0.25, low(start), high(start), 7);
  none(at);
  // Time does not go back.
  none(at - 100);
  trace.stop();
  none(at + 1);
  const records = decode(dom0, drained(trace));
  expect(records.map(({ event: name, fields }) => [name, fields])).toEqual([
    ["timed:two", { start: BigInt(start), n: 7 }],
    ["timed:none", {}],
    ["timed:none", {}],
  ]);
  const times = records.map(({ timestamp }) => Number(timestamp));
  const [first = 0, second = 0, third = 0] = times;
  expect(Math.abs(second - first - 250_000)).toBeLessThanOrEqual(1);
  expect(third).toBe(second);
});

it("refuse events of more than words", () => {
  const texts = defineFacility("texts", { text: { s: string } });
  expect(() => timedTracepoints(texts)).toThrow(/text has not 0 to 7 words/);
});
