// Source of the calls from Wasm guests to JavaScript: their imports. Each is an exit from the guest and an entry back
// into it, as a virtual machine leaves for its hypervisor. Imports of `wasi_*` modules are its I/O as well.
//
// Wrappers are put in place when a guest is linked, so guests that were there before are not observed, and those that
// are linked call the wrappers for as long as they live. One whose source is gone calls the function and does no more.

import { wasmGuest, xenVmx } from "../facilities/index.js";
import { sharedTracepoints } from "../tracepoint/shared.js";
import { defineSource } from "./source.js";
import { type ImportRecorder, wrapImport, wrapIo } from "./wasm/import-wrappers.js";
import { whenLinking } from "./wasm/linking.js";

/** Where imports of the WebAssembly System Interface come from. */
const WASI = /^wasi_/;

/**
 * Imports of the HTTP parser llhttp, which `fetch` is made with: a guest of the runtime's, not of the program's. Its
 * calls would be most of what a trace of a client holds.
 */
const isFetchParser = (module: string, name: string) =>
  module === "env" && name.startsWith("wasm_on_");

let guests = 0;

export const wasm = defineSource({
  name: "wasm",
  description: "Calls from WebAssembly modules to the JavaScript functions that they import.",
  byDefault: true,
  facility: xenVmx,
  events: ["vmx_vmexit", "vmx_vmentry", "vmx_io"],
  install({ events, meter: open }) {
    const meter = open({ records: 2 });
    return whenLinking((hook) => {
      const recorder: ImportRecorder = {
        hook,
        meter,
        vmexit: events.vmx_vmexit,
        vmentry: events.vmx_vmentry,
        io: events.vmx_io,
      };
      let guest: number | undefined;
      return (original, index, module, name) => {
        if (isFetchParser(module, name)) return original;

        guest ??= ++guests;
        sharedTracepoints(wasmGuest).guest_import(guest, index, module, name);
        const wrap = WASI.test(module) ? wrapIo : wrapImport;
        return wrap(original, index, guest, recorder);
      };
    });
  },
});
