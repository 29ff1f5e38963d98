// Facility `node_gc`: garbage collections of a thread of Node.

import { defineFacility, event, field } from "../event/definition.js";
import { bool, label } from "../event/field.js";
import { TOOK } from "./took.js";

export const nodeGc = defineFacility("node_gc", {
  gc: event([...TOOK, field("kind", label), field("forced", bool)], {
    label: "garbage collection",
    doc: "V8 collects garbage while JavaScript waits; `forced` is true if the program or a tool asked for it.",
  }),
});
