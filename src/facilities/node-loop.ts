// Facility `node_loop`: what a thread's event loop does, with its true times.

import { defineFacility, event } from "../event/definition.js";
import { TOOK } from "./took.js";

export const nodeLoop = defineFacility("node_loop", {
  idle: event(TOOK, {
    doc: "The event loop was idle: no callback was ready from `start` on, for `duration`.",
    label: "event loop idle",
  }),
});
