// A fastify server with a route that has a parameter.

import fastify from "fastify";
import { listening, usage } from "../lib/usage.mjs";

const app = fastify();
app.get("/", async () => ({ hello: "world" }));
app.get("/usage", async () => usage());
await app.listen({ port: 0, host: "127.0.0.1" });
listening(app.server);
