// Node: worker_threads, whose 'exit' event proves that a thread has ended.

import { Worker } from "node:worker_threads";

export const env = {
  name: "node",
  version: process.versions.node,
  kills: true,
  startWorker({ message, error }) {
    const worker = new Worker(new URL("../worker.mjs", import.meta.url));
    worker.on("message", message);
    worker.on("error", (thrown) => error(String(thrown?.stack ?? thrown)));
    const exited = new Promise((resolve) => {
      worker.once("exit", resolve);
    });
    return {
      post: (data, transfer) => worker.postMessage(data, transfer),
      async terminate() {
        await worker.terminate();
        await exited;
      },
    };
  },
};
