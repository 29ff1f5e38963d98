// Facility `xen_dom0op`: control operations. Xen never had these two events in a release that could
// record them, and their ids of 2005 (0x20000 + cmd, 0x30000 + cmd) lie in other classes by now.

import { defineFacility, event, field } from "../event/definition.js";
import { i32, u32 } from "../event/field.js";

const ops = [field("op0", u32), field("op1", u32), field("op2", u32), field("op3", u32)] as const;

export const xenDom0op = defineFacility("xen_dom0op", {
  dom0op_enter_base: event([field("cmd", u32), ...ops], {
    label: "control operation begins",
    doc: "dom0 enters control operation `cmd`; `op0` to `op3` are its first words. No Xen id today.",
  }),
  dom0op_leave_base: event([field("cmd", u32), field("ret", i32), ...ops], {
    label: "control operation ends",
    doc: "Control operation `cmd` returns `ret` to dom0. No Xen id today.",
  }),
});
