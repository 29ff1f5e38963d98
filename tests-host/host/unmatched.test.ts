// Events that nobody has are told where it can be seen: a trace of a misspelt name would be empty without a word.

import { beforeEach, expect, it, vi } from "vitest";
import { facility, Hypervisor, u32 } from "../../src/index.js";

const app = facility("unmatched_app", { here: { n: u32 } });

function boot() {
  const hypervisor = Hypervisor.boot();
  const dom0 = hypervisor.dom0();
  hypervisor.attach();
  app.here({ n: 1 });
  return { hypervisor, dom0 };
}

const emit = vi.spyOn(process, "emitWarning");
beforeEach(() => {
  emit.mockReset().mockReturnValue(undefined);
});
const warnings = () => emit.mock.calls.map(([text]) => String(text));

it("warns once when the trace is stopped, and names only what nobody has", () => {
  const { hypervisor, dom0 } = boot();
  const trace = dom0.createTrace("t", { events: "nosuch,unmatched_app,unmatched_app:typo,all" });
  trace.start();
  expect(trace.unmatched()).toEqual(["nosuch", "unmatched_app:typo"]);
  expect(warnings()).toEqual([]);
  trace.stop();
  trace.start();
  trace.stop();
  trace.destroy();
  expect(warnings()).toEqual(["trace t: no event is called nosuch, unmatched_app:typo"]);
  expect(emit.mock.calls[0]?.[1]).toEqual({ type: "TbufWarning", code: "TBUF_NO_EVENT" });
  hypervisor.close();
});

it("warns when a trace is destroyed that was never stopped", () => {
  const { hypervisor, dom0 } = boot();
  dom0.createTrace("t", { events: "nosuch" }).destroy();
  expect(warnings()).toHaveLength(1);
  hypervisor.close();
});

it("does not warn of what came while the trace recorded, nor of `all`", () => {
  const { hypervisor, dom0 } = boot();
  const trace = dom0.createTrace("t", { events: "unmatched_l*" });
  const everything = dom0.createTrace("everything", {});
  trace.start();
  expect(trace.unmatched()).toEqual(["unmatched_l*"]);
  facility("unmatched_late", { come: { n: u32 } }).come({ n: 1 });
  for (const each of [trace, everything]) each.stop();
  expect(warnings()).toEqual([]);
  expect(dom0.openTrace("t").unmatched()).toEqual([]);
  hypervisor.close();
});

it("refuses them with strict, and leaves no trace", () => {
  const { hypervisor, dom0 } = boot();
  expect(() => dom0.createTrace("t", { events: "unmatched_app,nosuch", strict: true })).toThrow(
    expect.objectContaining({
      code: "bad-option",
      message: expect.stringContaining("no event is called nosuch"),
    }),
  );
  const trace = dom0.createTrace("t", { events: "unmatched_app,core,all", strict: true });
  trace.destroy();
  expect(warnings()).toEqual([]);
  hypervisor.close();
});

it("uses the console where there is no process", () => {
  const { hypervisor, dom0 } = boot();
  const told = vi.spyOn(console, "warn").mockReturnValue(undefined);
  vi.stubGlobal("process", undefined);
  try {
    dom0.createTrace("t", { events: "nosuch" }).destroy();
  } finally {
    vi.unstubAllGlobals();
  }
  expect(told.mock.calls).toEqual([["tbuf: trace t: no event is called nosuch"]]);
  told.mockRestore();
  hypervisor.close();
});
