// Facility `xen_vmx`: calls between JavaScript and a WebAssembly guest. Ids and payloads are those of
// TRC_HVM in Xen's public/trace.h (4.17 and later) that come nearest to the events of 2006.

import { defineFacility, event, field } from "../event/definition.js";
import { u32, u64 } from "../event/field.js";

export const xenVmx = defineFacility("xen_vmx", {
  vmx_vmexit: event([field("reason", u32), field("rip", u64)], {
    xen: 0x81102,
    label: "wasm left",
    doc: "A Wasm guest calls import `reason` or returns to JavaScript; `rip` tells where, if known.",
  }),
  vmx_vmentry: event([], {
    xen: 0x81001,
    label: "wasm entered",
    doc: "JavaScript calls an export of a Wasm guest, or returns to it from an import.",
  }),
  vmx_timer_intr: event([field("vector", u32)], {
    xen: 0x8200f,
    label: "timer enters wasm",
    doc: "A timer's callback enters a Wasm guest.",
  }),
  vmx_int: event([field("vector", u32), field("fake", u32)], {
    xen: 0x82004,
    label: "callback enters wasm",
    doc: "A callback other than a timer's enters a Wasm guest; `fake` is 1 if JavaScript made it up.",
  }),
  vmx_io: event([field("port", u32), field("data", u32)], {
    xen: 0x82216,
    label: "wasm input or output",
    doc: "A Wasm guest does I/O through import `port`; `data` is a word of it, such as the bytes.",
  }),
});
