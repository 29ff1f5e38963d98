// Source of requests: those that http servers of the thread answer, and those that it makes by node:http, node:https,
// fetch and undici. What begins is told by Node's channels; the end is an event of the response or the request.

import http from "node:http";
import { disposeAll } from "../../dispose.js";
import { nodeHttp } from "../../facilities/index.js";
import { hearChannel } from "../hooks/channel.js";
import { hearEmitted } from "../hooks/emitted.js";
import { makeKeeper } from "../hooks/kept.js";
import { codeOf, shortened } from "../hooks/texts.js";
import { defineSource } from "./source.js";

/** A request that has begun. It is kept by the object whose events tell of its end. */
interface Open {
  readonly id: number;
  readonly beganMs: number;
  readonly method: string;
  readonly url: string;
  /** Of a server: bytes that its connection had sent before. */
  readonly sent: number;
  /** What the answer said; 0 until then. */
  status: number;
  error: string;
}

interface ServerMessage {
  readonly request: http.IncomingMessage;
  readonly response: http.ServerResponse;
}

/** A request of undici's, which comes with Node or from npm. */
interface UndiciRequest {
  readonly method?: unknown;
  readonly origin?: unknown;
  readonly path?: unknown;
}

export const httpRequests = defineSource({
  name: "http",
  description: "Requests that http servers answer, and those made by node:http, fetch and undici.",
  byDefault: true,
  cost: "two records with texts a request; see docs/sources.md",
  facility: nodeHttp,
  events: ["server_begin", "server_end", "client_begin", "client_end", "fetch_begin", "fetch_end"],
  install({ events, timeNs }) {
    // One for each time that it is installed: each has its own request to end.
    const requests = makeKeeper<Open>();
    let ids = 0;

    const open = (keeper: object, method: string, url: string, sent: number): Open => {
      ids = (ids + 1) >>> 0;
      const request = {
        id: ids,
        beganMs: performance.now(),
        method,
        url,
        sent,
        status: 0,
        error: "",
      };
      requests.set(keeper, request);
      return request;
    };
    /** Forgets the request, so that it ends once. */
    const close = (keeper: object): Open | undefined => {
      const request = requests.get(keeper);
      if (request !== undefined) requests.set(keeper, undefined);
      return request;
    };
    const took = ({ beganMs }: Open): number => Math.trunc((performance.now() - beganMs) * 1e6);

    const endServer = (response: http.ServerResponse, status: number): void => {
      const request = close(response);
      if (request === undefined) return;
      const { id, beganMs, method, url, sent } = request;
      const bytes = (response.socket?.bytesWritten ?? sent) - sent;
      events.server_end(timeNs(beganMs), took(request), id, status, bytes, method, url);
    };
    type EndEvent = typeof events.client_end;
    const end = (keeper: object, record: EndEvent): void => {
      const request = close(keeper);
      if (request === undefined) return;
      const { id, beganMs, method, url, status, error } = request;
      record(timeNs(beganMs), took(request), id, status, error, method, url);
    };

    return disposeAll([
      hearChannel<ServerMessage>("http.server.request.start", ({ request, response }) => {
        const sent = response.socket?.bytesWritten ?? 0;
        const url = shortened(request.url);
        const { id, method } = open(response, request.method ?? "", url, sent);
        events.server_begin(id, method, request.headers.host ?? "", url);
      }),
      hearEmitted<http.ServerResponse>(http.ServerResponse, (response, event) => {
        if (event === "finish") endServer(response, response.statusCode);
        // After it, or without it where the connection was lost.
        else if (event === "close") endServer(response, 0);
      }),

      hearChannel<{ request: http.ClientRequest }>("http.client.request.start", ({ request }) => {
        const { id, method, url } = open(request, request.method, shortened(request.path), 0);
        events.client_begin(id, method, String(request.getHeader("host") ?? request.host), url);
      }),
      hearEmitted<http.ClientRequest>(http.ClientRequest, (emitter, event, argument) => {
        if (event === "close") return end(emitter, events.client_end);
        const request =
          event === "response" || event === "error" ? requests.get(emitter) : undefined;
        if (request === undefined) return;
        if (event === "error") request.error = codeOf(argument);
        else request.status = (argument as http.IncomingMessage).statusCode ?? 0;
      }),

      hearChannel<{ request: UndiciRequest }>("undici:request:create", ({ request }) => {
        const { id, method, url } = open(
          request,
          String(request.method),
          shortened(request.path),
          0,
        );
        events.fetch_begin(id, method, hostOf(request.origin), url);
      }),
      hearChannel<{ request: UndiciRequest; response: { statusCode: number } }>(
        "undici:request:headers",
        ({ request, response }) => {
          const known = requests.get(request);
          if (known) known.status = response.statusCode;
        },
      ),
      hearChannel<{ request: UndiciRequest }>("undici:request:trailers", ({ request }) =>
        end(request, events.fetch_end),
      ),
      hearChannel<{ request: UndiciRequest; error: unknown }>(
        "undici:request:error",
        ({ request, error }) => {
          const known = requests.get(request);
          if (known) known.error = codeOf(error);
          end(request, events.fetch_end);
        },
      ),
    ]);
  },
});

/** "localhost:8080" of "http://localhost:8080", which may be a URL. */
function hostOf(origin: unknown): string {
  const text = String(origin);
  return text.slice(text.indexOf("//") + 2);
}
