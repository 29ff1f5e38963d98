// Runs the suite in one runtime, as a process of its own, and gathers what it reports.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { root } from "../../scripts/lib/step.mjs";

const MARK = "@tbuf ";
const ALL_MS = 180_000;
/** After its last report a process ends by itself: nothing of a closed hypervisor keeps it alive. */
const END_MS = 10_000;

/** What became of it: version, checks, trace, facts, problems. */
export function runSuite([program, ...args]) {
  const result = { version: "", checks: [], trace: undefined, facts: undefined, problems: [] };
  const child = spawn(program, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  let printed = "";
  let ended = false;
  let timer = setTimeout(() => giveUp(`not done after ${ALL_MS} ms`), ALL_MS);
  child.stderr.setEncoding("utf8").on("data", (text) => {
    printed += text;
  });
  const lines = createInterface({ input: child.stdout });
  lines.on("line", (line) => {
    if (!line.startsWith(MARK)) printed += `${line}\n`;
    else take(JSON.parse(line.slice(MARK.length)));
  });

  function take(report) {
    if (report.type === "start") result.version = report.version;
    else if (report.type === "check") result.checks.push(report);
    else if (report.type === "trace") result.trace = report;
    else if (report.type === "facts") result.facts = report;
    else if (report.type === "broken") result.problems.push(report.error);
    else if (report.type === "end") {
      ended = true;
      clearTimeout(timer);
      timer = setTimeout(() => giveUp("the process does not end by itself"), END_MS);
    }
  }

  function giveUp(why) {
    result.problems.push(why);
    // A browser's driver closes the browser first.
    child.kill("SIGTERM");
    timer = setTimeout(() => child.kill("SIGKILL"), END_MS);
  }

  return new Promise((resolve) => {
    child.once("error", (error) => result.problems.push(error.message));
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      if (code !== 0) result.problems.push(`exit code ${code ?? signal}`);
      if (!ended) result.problems.push("ended before its last report");
      if (printed !== "") result.problems.push(`printed: ${printed.slice(0, 2000)}`);
      resolve(result);
    });
  });
}
