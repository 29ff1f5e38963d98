// In a process of its own with --expose-gc. The figure is what a further trace takes for each CPU in
// frames, with the default sizes: buffer and control block; the note has the rest.

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const once = fileURLToPath(new URL("../lib/memory-once.mjs", import.meta.url));

function memory() {
  return {
    round() {
      const args = ["--expose-gc", once];
      const printed = execFileSync(process.execPath, args, { encoding: "utf8" });
      const { cpu, cpuFull, trace, traceFull, done, recorded, discarded } = JSON.parse(printed);
      const whole = (kib) => kib.toFixed(0);
      const note = [
        `resident ${whole(trace.rss)}, full ${whole(traceFull)}`,
        `a CPU: frames ${whole(cpu.frames)}, resident ${whole(cpu.rss)}, full ${whole(cpuFull)}`,
      ].join("; ");
      return { value: trace.frames, note, done, recorded: [recorded], discarded, recordsPerOp: 1 };
    },
  };
}

export const rows = { memory };
