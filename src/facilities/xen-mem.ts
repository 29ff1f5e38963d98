// Facility `xen_mem`: frames that change hands. Ids and payloads are those of TRC_MEM in Xen's
// public/trace.h (4.17 and later).

import { defineFacility, event, field } from "../event/definition.js";
import { u32 } from "../event/field.js";

const dom = field("dom", u32);

export const xenMem = defineFacility("xen_mem", {
  mem_page_grant_map: event([dom], {
    xen: 0x10f001,
    label: "shared memory mapped",
    doc: "Frames of `dom` are mapped: a view of shared memory is made.",
  }),
  mem_page_grant_unmap: event([dom], {
    xen: 0x10f002,
    label: "shared memory unmapped",
    doc: "Frames of `dom` are unmapped: a view of shared memory is given up.",
  }),
  mem_page_grant_transfer: event([dom], {
    xen: 0x10f003,
    label: "memory transferred",
    doc: "Memory is handed over to `dom`, as a transferred ArrayBuffer is.",
  }),
});
