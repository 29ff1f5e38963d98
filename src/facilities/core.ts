// Facility `core`: what a reader needs to know about the trace itself.

import { defineFacility, event, field } from "../event/definition.js";
import { string, u32 } from "../event/field.js";

export const core = defineFacility("core", {
  trace_start: event([field("name", string)], {
    label: "trace started",
    doc: "The trace `name` starts to record.",
  }),
  trace_stop: event([field("name", string)], {
    label: "trace stopped",
    doc: "The trace `name` stops recording.",
  }),
  domain_info: event(
    [field("dom", u32), field("vcpu", u32), field("tid", u32), field("name", string)],
    {
      label: "thread named",
      doc: "Who a domain is: the CPU it records on, the runtime's id of its thread, and its name.",
    },
  ),
  facility_load: event([field("name", string), field("first_event", u32), field("events", u32)], {
    label: "events defined",
    doc: "A facility is loaded and its events get the numbers from `first_event` on.",
  }),
  error: event([field("dom", u32), field("message", string)], {
    label: "error",
    doc: "Something that a domain could not do or record; the message says what.",
  }),
});
