// Runs all checks in the runtime that this is, and reports: one object a check, the trace that was
// written, what reading clocks costs here, and the end.

import { capabilities } from "tbuf";
import "./facilities.mjs";
import "./checks/index.mjs";
import { measure } from "./lib/facts.mjs";
import { runChecks } from "./lib/suite.mjs";
import { writeTrace } from "./lib/trace.mjs";

export async function main(env, report, { only = "" } = {}) {
  const { name, version } = env;
  report({ type: "start", name, version, capabilities });
  const begin = performance.now();
  await runChecks(env, capabilities, report, only);
  const ms = performance.now() - begin;
  if (only === "") {
    report({ type: "trace", ...(await writeTrace(env)) });
    report({ type: "facts", ...measure() });
  }
  report({ type: "end", ms });
}
