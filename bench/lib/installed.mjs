// Programs that a row may need and a machine may lack.

import { execFileSync } from "node:child_process";
import { findProgram } from "../../scripts/lib/programs.mjs";

/** Those of the programs that are in no folder of PATH. */
export function missing(programs) {
  return programs.filter((name) => findProgram([name]) === undefined);
}

/** Records in a trace directory, by babeltrace2, which reads each; undefined where it is missing. */
export function countByBabeltrace(dir) {
  if (missing(["babeltrace2"]).length > 0) return undefined;
  const counter = ["--component=counter:sink.utils.counter", "--params=step=+0"];
  const options = { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] };
  const counted = execFileSync("babeltrace2", [dir, ...counter], options);
  // It may have printed counts on its way; the last one is of everything.
  const counts = [...counted.replaceAll(",", "").matchAll(/(\d+) Event messages/g)];
  return Number(counts.at(-1)?.[1] ?? Number.NaN);
}
