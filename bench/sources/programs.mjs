// Programs that `npm run bench:sources` runs. Each is made once, and does its work for some milliseconds whenever
// it is asked. `run` gives the number of operations that it has done.

import { fork } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import { fileURLToPath } from "node:url";

const rest = { close() {} };

/** An http server that answers as many requests as it can; they come from another process. */
async function server() {
  const answer = (request, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ url: request.url, method: request.method }));
  };
  const listening = http.createServer(answer).listen(0, "127.0.0.1");
  await once(listening, "listening");
  const { port } = listening.address();
  const client = fork(fileURLToPath(new URL("client.mjs", import.meta.url)), [String(port)]);
  await once(client, "message");
  return {
    async run(ms) {
      client.send(ms);
      const [requests] = await once(client, "message");
      return requests;
    },
    async close() {
      client.disconnect();
      await once(client, "exit");
      listening.close();
      listening.closeAllConnections();
    },
  };
}

/** Computes, and returns to its event loop now and then. */
function cpu() {
  return {
    ...rest,
    async run(ms) {
      const end = performance.now() + ms;
      let operations = 0;
      while (performance.now() < end) {
        for (let i = 0; i < 20; i++) compute();
        operations += 20;
        if (operations % 1000 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
      }
      return operations;
    },
  };
}

function compute() {
  const text = JSON.stringify(Array.from({ length: 20 }, (_, i) => ({ i, square: i * i })));
  return JSON.parse(text).reduce((sum, { square }) => sum + square, 0);
}

function storm(again) {
  return {
    ...rest,
    run(ms) {
      const end = performance.now() + ms;
      let operations = 0;
      let left = 64;
      return new Promise((resolve) => {
        const fire = () => {
          operations++;
          if (performance.now() < end) again(fire);
          else if (--left === 0) resolve(operations);
        };
        for (let i = left; i > 0; i--) again(fire);
      });
    },
  };
}

/** A storm of messages between two ports of this thread. */
function messages() {
  const { port1, port2 } = new MessageChannel();
  let take = () => {};
  port2.onmessage = () => take();
  return {
    run(ms) {
      const end = performance.now() + ms;
      let operations = 0;
      let left = 64;
      return new Promise((resolve) => {
        take = () => {
          operations++;
          if (performance.now() < end) port1.postMessage(operations);
          else if (--left === 0) resolve(operations);
        };
        for (let i = left; i > 0; i--) port1.postMessage(i);
      });
    },
    close: () => port1.close(),
  };
}

export const programs = {
  http: server,
  cpu,
  /** A storm of timeouts: 64 at a time that start themselves again. */
  timers: () => storm((callback) => setTimeout(callback, 1)),
  /** A storm of immediates. */
  immediates: () => storm((callback) => setImmediate(callback)),
  messages,
};
