// Web Workers: Deno, Bun and browsers. Nothing in their standard says when a terminated worker has
// run its last instruction. A Web Lock that it held does: it is given back only then. Bun, which has
// no locks, has an event for it.

let workers = 0;

/** An adapter; `url` is where the worker's module lies. */
export function webEnv(name, version, url) {
  return {
    name,
    version,
    // Deno's terminate() leaves a worker in a loop running, and one in Atomics.wait waiting.
    kills: name !== "deno",
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
        async terminate() {
          worker.terminate();
          if (globalThis.navigator?.locks) await navigator.locks.request(lock, () => {});
          else await closed;
        },
      };
    },
  };
}
