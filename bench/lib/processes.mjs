// A row in a process of its own. `fork` starts the runtime that runs this: Node, Deno or Bun.

import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const own = fileURLToPath(new URL("child.mjs", import.meta.url));

/**
 * Starts a process that holds row `id`; for `measure`.
 * @param child the `bench/lib/child.mjs` of another checkout, for `bench:paired`
 */
export async function startProcess(id, seed, child = own) {
  const env = { ...process.env, TBUF_BENCH_SEED: String(seed) };
  const process_ = fork(child, [id], { env });
  await answerOf(id, process_);
  return {
    ask(options) {
      const answer = answerOf(id, process_);
      process_.send(options);
      return answer;
    },
    end: () => end(process_),
  };
}

/** The next message; throws when the process ends instead. */
async function answerOf(id, process_) {
  const stop = new AbortController();
  const { signal } = stop;
  try {
    const ended = once(process_, "exit", { signal }).then(([code, why]) => {
      throw new Error(`${id}: its process ended: code=${code}, signal=${why}`);
    });
    const [message] = await Promise.race([once(process_, "message", { signal }), ended]);
    ended.catch(() => {});
    return message;
  } finally {
    stop.abort();
  }
}

async function end(process_) {
  if (process_.exitCode !== null || process_.signalCode !== null) return;
  const ended = once(process_, "exit");
  if (process_.connected) process_.disconnect();
  await ended;
}
