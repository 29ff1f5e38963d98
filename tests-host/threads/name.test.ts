// A thread that a program attaches by itself says who it is.

import { describe, expect, it } from "vitest";
import { join } from "../../src/index.js";
import { attachThread } from "../../src/node/index.js";
import { decode, drained, fieldsOf } from "../lib/records.js";
import { useWorld } from "../lib/world.js";

const world = useWorld();

function recording() {
  const hypervisor = world.boot({ cpus: 2 });
  const dom0 = hypervisor.dom0();
  const trace = dom0.createTrace("t", { events: "core,xen_sched" });
  trace.start();
  return { hypervisor, records: () => decode(dom0, drained(trace)) };
}

describe("attachThread", () => {
  it.each([
    [{}, "main"],
    [{ name: "reader" }, "reader"],
  ])("records the domain and its name, once: %j", (options, name) => {
    const { hypervisor, records } = recording();
    const cpu = attachThread(hypervisor, options);
    expect(attachThread(hypervisor, options)).toBe(cpu);
    const { domain: dom, index: vcpu } = cpu;
    const all = records();
    expect(fieldsOf(all, "core:domain_info")).toEqual([{ dom, vcpu, tid: 0, name }]);
    expect(fieldsOf(all, "xen_sched:sched_dom_add")).toEqual([{ dom }]);
  });

  it("records nothing where the thread's tracepoints go elsewhere", () => {
    const { hypervisor, records } = recording();
    const member = join(hypervisor.handle());
    attachThread(member, { current: false });
    expect(records()).toEqual([]);
    member.close();
  });
});
