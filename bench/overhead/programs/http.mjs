// A server of node:http that answers each request with a little JSON.

import { createServer } from "node:http";
import { listening, usage } from "../lib/usage.mjs";

const server = createServer((request, response) => {
  const body = JSON.stringify(
    request.url === "/usage" ? usage() : { hello: "world", url: request.url },
  );
  response.writeHead(200, { "content-type": "application/json", "content-length": body.length });
  response.end(body);
});
server.listen(0, "127.0.0.1", () => listening(server));
