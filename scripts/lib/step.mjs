// Runs the tools of this repository as child processes, without a shell: one quiet line for a step
// that succeeds, everything it printed for one that fails.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** A step that failed: its message is what the user needs to see, a stack would only hide it. */
export class StepError extends Error {}

/** Runs a script of an installed package with this very Node; returns nothing, throws StepError. */
export function runNode(script, args) {
  const done = spawnSync(process.execPath, [script, ...args], {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 1 << 28,
  });
  if (done.error !== undefined) throw new StepError(`${script}: ${done.error.message}`);
  if (done.status !== 0) {
    const how = done.signal === null ? `exit code ${done.status}` : `signal ${done.signal}`;
    throw new StepError(`${done.stdout}${done.stderr}${script}: ${how}`);
  }
}

/** Runs `work`, then prints one line: the step, what `work` returned, and the time it took. */
export async function step(name, work) {
  const begin = performance.now();
  try {
    const note = await work();
    const seconds = ((performance.now() - begin) / 1000).toFixed(1);
    console.log(`${name.padEnd(12)} ${seconds.padStart(5)} s${note ? `  ${note}` : ""}`);
  } catch (error) {
    const text = error instanceof StepError ? error.message : (error?.stack ?? String(error));
    console.error(`${name} failed\n${text.trimEnd()}`);
    process.exit(1);
  }
}
