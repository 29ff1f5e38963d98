// Facility `node_http`: requests that a Node program answers, and those that it makes. `id` pairs a beginning with its
// end; it is unique within a thread.

import { defineFacility, event, field } from "../event/definition.js";
import { label, string, u32 } from "../event/field.js";
import { TOOK } from "./took.js";

const id = field("id", u32);
const method = field("method", label);
const host = field("host", label);
const url = field("url", string);
const status = field("status", u32);
const asked = [id, method, host, url] as const;
const answered = [...TOOK, id, status, field("error", label), method, url] as const;

export const nodeHttp = defineFacility("node_http", {
  server_begin: event(asked, {
    label: "request received",
    doc: "A request arrives at an http server of the program; `url` is what follows the host.",
  }),
  server_end: event([...TOOK, id, status, field("bytes", u32), method, url], {
    label: "request answered",
    doc: "The answer to request `id` is sent; `status` is 0 when the connection was lost before.",
  }),
  client_begin: event(asked, {
    label: "http request sent",
    doc: "The program makes a request by node:http or node:https.",
  }),
  client_end: event(answered, {
    label: "http request done",
    doc: "Request `id` is over; `status` is 0 without an answer, and `error` says what went wrong.",
  }),
  fetch_begin: event(asked, {
    label: "fetch sent",
    doc: "The program makes a request by fetch or undici.",
  }),
  fetch_end: event(answered, {
    label: "fetch done",
    doc: "Fetch `id` is over, body and all; `status` is 0 without an answer, `error` says what went wrong.",
  }),
});
