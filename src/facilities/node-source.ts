// Facility `node_source`: what sources of events tell of themselves. One that costs a thread more than its budget
// counts its events for a while instead of recording them.

import { defineFacility, event, field } from "../event/definition.js";
import { string as label, u32, u64 } from "../event/field.js";
import { TOOK } from "./took.js";

export const nodeSource = defineFacility("node_source", {
  backed_off: event([field("source", label), field("cost", u32)], {
    doc: "Source `source` goes over the budget: from here on its events, `cost` ns each, are only counted.",
    label: "source backed off",
  }),
  summary: event([...TOOK, field("source", label), field("count", u32), field("total", u64)], {
    doc: "Source `source` had `count` events in this time, which took `total` ns; 0: that was not measured.",
    label: "events counted",
  }),
  resumed: event([...TOOK, field("source", label), field("count", u64)], {
    doc: "The storm is over that began at `start`, with `count` events: source `source` records each again.",
    label: "source resumed",
  }),
});
