// Records of a Wasm guest: its loop and the hypervisor are both Wasm, and no JavaScript runs between
// two records (but for the clock, where the guest reads it).

import { defineFacility, field, u32 } from "tbuf";
import { guestImports } from "tbuf/guest";
import { batchRow } from "../lib/batch-row.mjs";
import { guestModule } from "../lib/guest-module.mjs";
import { setUp } from "../lib/setup.mjs";
import { values } from "../lib/values.mjs";

const OPS = 8192;

/** `loop`: the guest's export that records, "caller" or "precise". */
function guest(loop) {
  const definition = defineFacility("bench", { pair: [field("a", u32), field("b", u32)] });
  const { cpu, drain, account } = setUp("bench");
  const imports = guestImports(cpu, [definition]);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(guestModule), imports);
  new Int32Array(exports.memory.buffer).set(values);
  const event = imports.tbuf.event(0, 0);
  const run = exports[loop];
  const batch = () => run(event, OPS, performance.now());
  return batchRow({ ops: OPS, batch, drain, account });
}

export const rows = {
  "wasm-guest-record2": () => guest("caller"),
  "wasm-guest-record2-precise": () => guest("precise"),
};
