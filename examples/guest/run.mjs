// Runs a Wasm guest that records events without going through JavaScript, and writes the trace to DIR.
//
//     node examples/guest/run.mjs DIR [FILE.wasm]
//
// Without a file it compiles collatz.ts, which needs the package `assemblyscript`.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineFacility, field, Hypervisor, u32 } from "tbuf";
import { guestImports } from "tbuf/guest";
import { CtfWriter } from "tbuf/node";

async function compile() {
  const { default: asc } = await import("assemblyscript/asc");
  const source = fileURLToPath(new URL("collatz.ts", import.meta.url));
  let binary;
  const options = ["-O3", "--runtime", "stub", "--use", "abort=", "--outFile", "out.wasm"];
  const { error, stderr } = await asc.main([source, ...options, "--baseDir", "/"], {
    writeFile: (_name, contents) => {
      binary = contents;
    },
  });
  if (error) throw new Error(stderr.toString());
  return binary;
}

const [dir, file] = process.argv.slice(2);
if (dir === undefined) throw new Error("usage: node run.mjs DIR [FILE.wasm]");
const bytes = file === undefined ? await compile() : readFileSync(file);

const collatz = defineFacility("collatz", {
  step: [field("steps", u32), field("value", u32)],
  done: [field("start", u32), field("steps", u32), field("highest", u32)],
});

const hypervisor = Hypervisor.boot();
const dom0 = hypervisor.dom0();
const cpu = hypervisor.attach();
const { instance } = await WebAssembly.instantiate(bytes, guestImports(cpu, [collatz]));
const guest = instance.exports;

const trace = dom0.createTrace("guest", { events: "collatz" });
trace.start();
guest.start();
const steps = guest.collatz(27);
trace.stop();

const out = new CtfWriter({ dir, dom0 });
let records = 0;
for (const packet of trace.snapshot()) {
  out.write(packet);
  records += packet.records;
}
out.finish(trace.losses());
hypervisor.close();
console.log(`collatz(27) took ${steps} steps: ${records} records in ${dir}`);
