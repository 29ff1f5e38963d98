// Source of idle times with their true beginning and duration, which readers show as slices.

import { nodeLoop } from "../../facilities/index.js";
import { high, low, timedTracepoints } from "../../tracepoint/timed.js";
import { onIdle } from "../hooks/idle.js";
import { defineSource } from "./source.js";

const NS_PER_MS = 1_000_000;

export const idle = defineSource({
  name: "idle",
  description: "How long the event loop had nothing to run, and from when on.",
  byDefault: true,
  facility: nodeLoop,
  events: ["idle"],
  install({ timeNs }) {
    const { idle: idled } = timedTracepoints(nodeLoop);
    return onIdle({
      idle(start, ms, now) {
        const [from, took] = [timeNs(start), Math.round(ms * NS_PER_MS)];
        idled(now, low(from), high(from), low(took), high(took));
      },
    });
  },
});
