// Source of garbage collections, by Node's own observer of them.

import {
  constants,
  type NodeGCPerformanceDetail,
  type PerformanceEntry,
  PerformanceObserver,
} from "node:perf_hooks";
import { disposable } from "../../dispose.js";
import { nodeGc } from "../../facilities/index.js";
import { defineSource } from "./source.js";

const NS_PER_MS = 1e6;

/** By V8's number of a kind: what a user calls it. */
const KINDS: ReadonlyMap<number | undefined, string> = new Map([
  [constants.NODE_PERFORMANCE_GC_MINOR, "minor"],
  [constants.NODE_PERFORMANCE_GC_MAJOR, "major"],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, "incremental"],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, "weak callbacks"],
]);

/** Node's types leave `detail` out. */
interface GcEntry extends PerformanceEntry {
  readonly detail: NodeGCPerformanceDetail;
}

export const gc = defineSource({
  name: "gc",
  description: "Garbage collections: when they began, how long they took, and their kind.",
  byDefault: true,
  cost: "one record a collection",
  facility: nodeGc,
  events: ["gc"],
  install({ events, timeNs }) {
    const observer = new PerformanceObserver((list) => record(list.getEntries()));
    const record = (entries: readonly PerformanceEntry[]): void => {
      for (const { startTime, duration, detail } of entries as readonly GcEntry[]) {
        const { kind, flags = 0 } = detail;
        const forced = (flags & constants.NODE_PERFORMANCE_GC_FLAGS_FORCED) !== 0;
        const took = Math.trunc(duration * NS_PER_MS);
        events.gc(timeNs(startTime), took, KINDS.get(kind) ?? `kind ${kind}`, forced);
      }
    };
    observer.observe({ entryTypes: ["gc"] });
    return disposable(() => {
      record(observer.takeRecords());
      observer.disconnect();
    });
  },
});
