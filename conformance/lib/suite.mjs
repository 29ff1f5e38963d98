// The list of checks, and how it is run: one after the other, each with a fixture of its own, each
// bounded in time.

import { Fixture } from "./fixture.mjs";

const CHECK_MS = 20_000;

/** What checks may need; each says why a runtime lacks it, undefined where it is there. */
const NEEDS = {
  threads: ({ capabilities }) =>
    capabilities.crossThread ? undefined : "memory cannot be shared: not cross-origin isolated",
  waitAsync: ({ capabilities, env }) =>
    capabilities.waitAsync ? undefined : `${env.name} cannot wait without blocking here`,
  kill: ({ env }) =>
    env.kills ? undefined : `${env.name} does not end a worker that is busy or blocked`,
  oneThread: ({ capabilities }) => (capabilities.crossThread ? "memory can be shared" : undefined),
};

const checks = [];

/**
 * Adds a check, named "group: what holds". `run` gets a fixture. `needs` are names of what the runtime
 * must have for it.
 */
export function check(name, run, { needs = [] } = {}) {
  if (checks.some((each) => each.name === name)) throw new Error(`two checks are called ${name}`);
  for (const need of needs) if (!NEEDS[need]) throw new Error(`${name}: no need ${need}`);
  checks.push({ name, run, needs });
}

/** As `check`, for checks that need threads. */
export function threadCheck(name, run, { needs = [] } = {}) {
  check(name, run, { needs: ["threads", ...needs] });
}

/** Runs the checks whose names contain `only`; `report` gets the outcome of each. */
export async function runChecks(env, capabilities, report, only = "") {
  for (const { name, run, needs } of checks) {
    if (!name.includes(only)) continue;
    const reason = needs.map((need) => NEEDS[need]({ env, capabilities })).find(Boolean);
    if (reason) {
      report({ type: "check", name, status: "na", reason, ms: 0 });
      continue;
    }
    const begin = performance.now();
    const error = await runOne(env, run);
    const ms = performance.now() - begin;
    // A turn of the event loop: what waited for the check's memory lets go of it only then.
    await new Promise((resolve) => setTimeout(resolve, 0));
    if (error === undefined) report({ type: "check", name, status: "passed", ms });
    else report({ type: "check", name, status: "failed", ms, error });
  }
}

async function runOne(env, run) {
  const fixture = new Fixture(env);
  let timer;
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${CHECK_MS} ms`)), CHECK_MS);
  });
  try {
    await Promise.race([run(fixture), late]);
    await Promise.race([fixture.end(), late]);
    return undefined;
  } catch (error) {
    await Promise.race([fixture.end(), late]).catch(() => {});
    return `${error?.message ?? error}\n${error?.stack ?? ""}`;
  } finally {
    clearTimeout(timer);
  }
}
