// Where events come from: from a source of the table, from tbuf itself, or from nowhere yet.

const XEN_SCHED = "no source of waits, callbacks and settings exists yet";

/** Events that no source records, because tbuf records them itself: when. */
export const BUILT_IN = {
  "node_source:backed_off": "a source of the thread goes over the budget",
  "node_source:summary": "a source that has backed off, about once a millisecond",
  "node_source:resumed": "the storm of a source is over",
  "wasm_guest:guest_import": "the source `wasm`, when a guest is linked",
  "core:trace_start": "dom0 starts a trace",
  "core:trace_stop": "dom0 stops a trace",
  "core:domain_info": "a thread joins",
  "xen_sched:sched_dom_add": "a thread joins",
  "xen_dom0op:dom0op_enter_base": "dom0 begins an operation",
  "xen_dom0op:dom0op_leave_base": "dom0 ends an operation",
  "xen_mem:mem_page_grant_map": "dom0 maps frames",
};

/** Why nothing records an event. An entry whose event has a source by now has no effect. */
export const MISSING = {
  "core:facility_load": "dom0 does not record it yet",
  "xen_sched:sched_sleep": XEN_SCHED,
  "xen_sched:sched_ctl": XEN_SCHED,
  "xen_sched:sched_adjdom": XEN_SCHED,
  "xen_sched:sched_switch": XEN_SCHED,
  "xen_sched:sched_switch_infprev": XEN_SCHED,
  "xen_sched:sched_switch_infnext": XEN_SCHED,
  "xen_mem:mem_page_grant_unmap": "no source of memory exists yet",
  "xen_mem:mem_page_grant_transfer": "no source of memory exists yet",
};

/**
 * The sources of an event, and what else is to be said of where it comes from; undefined where nobody says.
 * @param {string} name of the event, "core:error"
 * @param {readonly { name: string, facility: { name: string }, events: readonly string[] }[]} sources
 */
export function originOf(name, sources) {
  const [facility, event] = name.split(":");
  const own = sources.filter(
    (each) => each.facility.name === facility && each.events.includes(event),
  );
  const builtIn = Object.hasOwn(BUILT_IN, name) ? BUILT_IN[name] : undefined;
  const missing = Object.hasOwn(MISSING, name) ? MISSING[name] : undefined;
  if (own.length === 0 && builtIn === undefined && missing === undefined) return undefined;
  return { sources: own, builtIn, missing };
}
