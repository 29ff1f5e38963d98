// Asks an http server as much as it can answer, for some milliseconds whenever it is told to: 32 connections, each
// with one request on its way. Knows as little of HTTP as that takes, so that the server is what is busy.

import { connect } from "node:net";

const CONNECTIONS = 32;
const port = Number(process.argv[2]);
const request = Buffer.from("GET /path?query=1 HTTP/1.1\r\nhost: localhost\r\n\r\n");

let end = 0;
let requests = 0;
let open = 0;

const sockets = await Promise.all(
  Array.from({ length: CONNECTIONS }, async () => {
    const socket = connect(port, "127.0.0.1");
    await new Promise((resolve) => socket.once("connect", resolve));
    socket.setNoDelay(true);
    // An answer is less than a packet.
    socket.on("data", () => {
      requests++;
      if (performance.now() < end) socket.write(request);
      else if (--open === 0) process.send(requests);
    });
    return socket;
  }),
);

process.on("message", (ms) => {
  end = performance.now() + ms;
  requests = 0;
  open = CONNECTIONS;
  for (const socket of sockets) socket.write(request);
});
process.on("disconnect", () => process.exit());
process.send("ready");
