// The hypervisor's exports, and nothing else. docs/layout.md, docs/design.md.
//
// As in Xen, an export is named by what it works on, and then by what it does: a function's name in
// its own file may do without the first part, a name in an instance's exports may not.

import "./layout-check";

export { fence } from "./atomic";
export { boot } from "./boot";
export { tb_control } from "./control";
export {
  join as cpu_join,
  leave as cpu_leave,
  quiesce as cpu_quiesce,
  reap as cpu_reap,
  scratchAt as cpu_scratch_at,
} from "./cpu";
export { claimDom0 as dom0_claim, isDom0 as dom0_held, resignDom0 as dom0_resign } from "./dom0";
export { notify as evtchn_notify } from "./evtchn";
export { facility as facility_register } from "./facility";
export { startedBy as thread_started_by } from "./family";
export { labels as cpu_labels } from "./label";
export {
  alloc as evtchn_alloc,
  bind as evtchn_bind,
  close as evtchn_close,
  map as frame_map,
  mask as evtchn_mask,
  settle as trace_settle,
  take as evtchn_take,
  unbind as evtchn_unbind,
  unmap as frame_unmap,
} from "./privileged";
export { reason } from "./reason";
export {
  record,
  record0,
  record1,
  record2,
  record3,
  record4,
  record5,
  record6,
  record7,
} from "./record";
export { enableEvent as trace_enable_event } from "./trace";
