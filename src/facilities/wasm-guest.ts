// Facility `wasm_guest`: what the numbers in the events of `xen_vmx` are, whose payloads are Xen's.

import { defineFacility, event, field } from "../event/definition.js";
import { string as label, u32 } from "../event/field.js";

export const wasmGuest = defineFacility("wasm_guest", {
  guest_import: event(
    [field("guest", u32), field("import", u32), field("module", label), field("name", label)],
    {
      doc: "Wasm guest `guest` (`rip` of vmx_vmexit) is given import number `import` (its `reason`): this function.",
      label: "wasm import linked",
    },
  ),
});
