// The bench in a page: runs what the address asks for (`only`, `rounds`, `seed`, `quick`, as the options
// of `npm run bench`), and shows the table. `globalThis.tbufBench` is the outcome, for who drives it.

import { measure } from "../lib/measure.mjs";
import { familyOf } from "../lib/rows.mjs";
import { tableOf } from "../lib/table.mjs";
import { targetsOf } from "../lib/targets.mjs";
import { isPortable } from "./rows.mjs";

const parameters = new URLSearchParams(location.search);
const output = document.querySelector("pre");

/** Starts a Worker that holds row `id`; for `measure`. */
async function startWorker(id, seed) {
  const worker = new Worker(`worker.js?${new URLSearchParams({ id, seed })}`, { type: "module" });
  await answerOf(id, worker);
  return {
    ask(options) {
      const answer = answerOf(id, worker);
      worker.postMessage(options);
      return answer;
    },
    end: () => worker.terminate(),
  };
}

function answerOf(id, worker) {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(`${id}: its Worker failed: ${message}`));
  });
}

function runtimeOf(userAgent) {
  const [, name = "unknown", version = ""] =
    /(Firefox|Edg|Chrome|Safari)\/([\d.]+)/.exec(userAgent) ?? [];
  return { name, version };
}

async function run() {
  if (!crossOriginIsolated) throw new Error("this page is not cross-origin isolated");
  const asked = parameters.get("only")?.split(",") ?? Object.keys(familyOf);
  const ids = asked.filter(isPortable);
  const others = asked.filter((id) => !isPortable(id));
  const quick = parameters.has("quick");
  const rounds = quick ? 1 : Number(parameters.get("rounds") ?? 7);
  const seed = Number(parameters.get("seed") ?? 1);
  const { rows, skipped } = await measure(ids, { start: startWorker, rounds, seed, quick });
  skipped.push(...others.map((id) => ({ id, why: "needs more than a page has" })));
  return {
    machine: { cpu: "unknown", cpus: navigator.hardwareConcurrency, platform: navigator.platform },
    runtime: runtimeOf(navigator.userAgent),
    seed,
    rounds,
    rows,
    skipped,
    targets: targetsOf(rows),
  };
}

try {
  const result = await run();
  globalThis.tbufBench = { result };
  output.textContent = tableOf(result);
  const json = new Blob([JSON.stringify(result, undefined, 2)], { type: "application/json" });
  const link = document.querySelector("a");
  link.href = URL.createObjectURL(json);
  link.hidden = false;
} catch (error) {
  globalThis.tbufBench = { error: String(error) };
  output.textContent = `${error}\n${error.stack}`;
}
