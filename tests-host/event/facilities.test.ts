// The built-in facilities: the events of the 2006 notes, under the ids and payloads of Xen today.

import { describe, expect, it } from "vitest";
import { fromJson, toJson } from "../../src/event/index.js";
import { core, xenDom0op, xenMem, xenSched, xenVmx } from "../../src/facilities/index.js";
import { babeltrace, metadataOf, oneOfEach, packetOf } from "../lib/ctf-traces.js";
import { itWith } from "../lib/peers.js";

const builtinFacilities = [core, xenSched, xenDom0op, xenVmx, xenMem];

let events = 0;
const loaded = builtinFacilities.map((definition) => {
  const firstEvent = events;
  events += definition.events.length;
  return { firstEvent, definition };
});

// Facility, event, Xen id, fields.
const EXPECTED = `
core        trace_start              -        name:string
core        trace_stop               -        name:string
core        domain_info              -        dom:u32 vcpu:u32 tid:u32 name:string
core        facility_load            -        name:string first_event:u32 events:u32
core        error                    -        dom:u32 message:string
xen_sched   sched_dom_add            28001    dom:u32
xen_sched   sched_dom_rem            28002    dom:u32
xen_sched   sched_sleep              28003    dom:u32 vcpu:u32
xen_sched   sched_wake               28004    dom:u32 vcpu:u32
xen_sched   sched_yield              28005    dom:u32 vcpu:u32
xen_sched   sched_block              28006    dom:u32 vcpu:u32
xen_sched   sched_shutdown           28007    dom:u32 vcpu:u32 reason:u32
xen_sched   sched_ctl                28008
xen_sched   sched_adjdom             28009    dom:u32
xen_sched   sched_switch             2800a    prev_dom:u32 prev_vcpu:u32 next_dom:u32 next_vcpu:u32
xen_sched   sched_s_timer_fn         2800b
xen_sched   sched_t_timer_fn         2800c
xen_sched   sched_dom_timer_fn       2800d
xen_sched   sched_switch_infprev     2800e    dom:u32 vcpu:u32 runtime:u32
xen_sched   sched_switch_infnext     2800f    dom:u32 vcpu:u32 waited:u32 slice:i32
xen_dom0op  dom0op_enter_base        -        cmd:u32 op0:u32 op1:u32 op2:u32 op3:u32
xen_dom0op  dom0op_leave_base        -        cmd:u32 ret:i32 op0:u32 op1:u32 op2:u32 op3:u32
xen_vmx     vmx_vmexit               81102    reason:u32 rip:u64
xen_vmx     vmx_vmentry              81001
xen_vmx     vmx_timer_intr           8200f    vector:u32
xen_vmx     vmx_int                  82004    vector:u32 fake:u32
xen_vmx     vmx_io                   82216    port:u32 data:u32
xen_mem     mem_page_grant_map       10f001   dom:u32
xen_mem     mem_page_grant_unmap     10f002   dom:u32
xen_mem     mem_page_grant_transfer  10f003   dom:u32
`;

describe("the built-in facilities", () => {
  it("hold the events of the notes, in their order, as Xen has them today", () => {
    const actual = builtinFacilities.flatMap(({ name, events }) =>
      events.map((e) =>
        [
          name,
          e.name,
          e.xen?.toString(16) ?? "-",
          ...e.fields.map((f) => `${f.name}:${f.type.kind}`),
        ].join(" "),
      ),
    );
    expect(actual).toEqual(
      EXPECTED.trim()
        .split("\n")
        .map((line) => line.trim().split(/ +/).join(" ")),
    );
  });

  it("say of each event what it means", () => {
    for (const { doc } of builtinFacilities.flatMap((f) => f.events))
      expect(doc).toMatch(/^[A-Za-z].*\.$/);
  });

  it("have plain words for each event", () => {
    for (const { events } of builtinFacilities) {
      for (const { name, label = "" } of events) {
        expect([name, label]).toEqual([
          name,
          expect.stringMatching(/^[a-z0-9-]+( [a-z0-9-]+){0,3}$/),
        ]);
      }
    }
  });

  it("survive their own JSON", () => {
    for (const f of builtinFacilities) expect(toJson(fromJson(toJson(f)))).toBe(toJson(f));
  });

  itWith("babeltrace2")("are read by babeltrace2, one record of each event", () => {
    const records = oneOfEach(loaded, ({ fields }) =>
      fields.map(({ type }, i) => (type.kind === "string" ? `text ${i}` : i + 1)),
    );
    const { status, stderr, lines } = babeltrace(metadataOf(loaded), [packetOf(records)]);
    expect(stderr).toBe("");
    expect(status).toBe(0);
    expect(lines.map((line) => /\) (\S+): /.exec(line)?.[1])).toEqual(
      EXPECTED.trim()
        .split("\n")
        .map((line) => line.split(/ +/).slice(0, 2).join(":")),
    );
    expect(lines[2]).toContain('{ dom = 1, vcpu = 2, tid = 3, name = "text 3", end = { } }');
    expect(lines[14]).toContain("{ prev_dom = 1, prev_vcpu = 2, next_dom = 3, next_vcpu = 4 }");
  });
});
