// Web Workers: Deno, Bun and browsers. Nothing in their standard says when a terminated worker has
// run its last instruction. A Web Lock that it held does: it is given back only then. Bun has an
// event instead. Deno has neither: there a loop that counts no further must do.

const QUIET_MS = 60;

let workers = 0;

/** An adapter; `url` is where the worker's module lies. */
export function webEnv(name, version, url) {
  return {
    name,
    version,
    startWorker({ message, error }) {
      const lock = `tbuf-conformance-${Date.now()}-${++workers}`;
      const worker = new Worker(url, { type: "module", name: lock });
      worker.onmessage = ({ data }) => message(data);
      worker.onmessageerror = () => error("a message could not be cloned");
      worker.onerror = (event) => {
        event.preventDefault?.();
        error(String(event.error?.stack ?? event.message ?? event));
      };
      const closed = new Promise((resolve) => {
        worker.addEventListener("close", resolve);
      });
      return {
        post: (data, transfer) => worker.postMessage(data, transfer),
        async terminate(flags) {
          worker.terminate();
          if (globalThis.navigator?.locks) await navigator.locks.request(lock, () => {});
          else if (name === "bun") await closed;
          else await quiet(flags);
        },
      };
    },
  };
}

/** Resolves once no word of `flags` has changed for a while. */
async function quiet(flags) {
  const seen = () => flags.map((_, i) => Atomics.load(flags, i)).join();
  for (let before; before !== seen(); ) {
    before = seen();
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  }
}
