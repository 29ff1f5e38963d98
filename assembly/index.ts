// The hypervisor's exports, and nothing else. docs/layout.md, docs/design.md.

import "./layout-check";

export { fence } from "./atomic";
export { boot } from "./boot";
export { tb_control } from "./control";
export { join, leave, quiesce, reap, scratchAt } from "./cpu";
export { claimDom0, isDom0, resignDom0 } from "./dom0";
export { facility } from "./facility";
export { startedBy } from "./family";
export { bind, map, mask, settle, take, unbind, unmap } from "./privileged";
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
export { enableEvent } from "./trace";
