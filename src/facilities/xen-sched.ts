// Facility `xen_sched`: threads and their event loops, told in the terms of Xen's scheduler. Ids and
// payloads are those of TRC_SCHED_VERBOSE in Xen's public/trace.h (4.17 and later).

import { defineFacility, event, field } from "../event/definition.js";
import { i32, u32 } from "../event/field.js";

const dom = field("dom", u32);
const vcpu = field("vcpu", u32);

export const xenSched = defineFacility("xen_sched", {
  sched_dom_add: event([dom], {
    xen: 0x28001,
    label: "thread started",
    doc: "A thread joins: its domain is added.",
  }),
  sched_dom_rem: event([dom], {
    xen: 0x28002,
    label: "thread gone",
    doc: "A thread leaves, or is found dead: its domain is removed.",
  }),
  sched_sleep: event([dom, vcpu], {
    xen: 0x28003,
    label: "thread waits",
    doc: "A thread sleeps in a call that waits, such as Atomics.wait, and runs nothing meanwhile.",
  }),
  sched_wake: event([dom, vcpu], {
    xen: 0x28004,
    label: "thread wakes",
    doc: "A thread can run again: its idle event loop is woken, or a call that waits returns.",
  }),
  sched_yield: event([dom, vcpu], {
    xen: 0x28005,
    label: "event loop busy",
    doc: "A thread gives way: it returns to its event loop although it has more to run.",
  }),
  sched_block: event([dom, vcpu], {
    xen: 0x28006,
    label: "event loop idle",
    doc: "A thread's event loop goes idle: no callback is ready.",
  }),
  sched_shutdown: event([dom, vcpu, field("reason", u32)], {
    xen: 0x28007,
    label: "thread exits",
    doc: "A thread ends; `reason` is 0 (poweroff) for an orderly end, 3 (crash) for an exception.",
  }),
  sched_ctl: event([], {
    xen: 0x28008,
    label: "engine settings changed",
    doc: "The scheduler's settings are changed; a JavaScript program has none, so it is never recorded.",
  }),
  sched_adjdom: event([dom], {
    xen: 0x28009,
    label: "thread limits changed",
    doc: "What a thread may use is adjusted, such as its priority or its resource limits.",
  }),
  sched_switch: event(
    [
      field("prev_dom", u32),
      field("prev_vcpu", u32),
      field("next_dom", u32),
      field("next_vcpu", u32),
    ],
    {
      xen: 0x2800a,
      label: "next callback",
      doc: "A thread goes from one callback to the next.",
    },
  ),
  sched_s_timer_fn: event([], {
    xen: 0x2800b,
    label: "immediate fired",
    doc: "An immediate runs.",
  }),
  sched_t_timer_fn: event([], {
    xen: 0x2800c,
    label: "timeout fired",
    doc: "A timeout fires.",
  }),
  sched_dom_timer_fn: event([], {
    xen: 0x2800d,
    label: "interval fired",
    doc: "An interval fires.",
  }),
  sched_switch_infprev: event([dom, vcpu, field("runtime", u32)], {
    xen: 0x2800e,
    label: "callback ended",
    doc: "The callback that a switch leaves; it ran for `runtime` nanoseconds.",
  }),
  sched_switch_infnext: event([dom, vcpu, field("waited", u32), field("slice", i32)], {
    xen: 0x2800f,
    label: "callback started",
    doc: "The callback that a switch enters; it waited `waited` ns and may run `slice` ns (-1: any time).",
  }),
});
