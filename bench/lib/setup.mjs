// A hypervisor with traces, whose one CPU and dom0 is this thread.

import { Hypervisor } from "tbuf";

const SUBBUF_BYTES = 65536;
const SUBBUF_COUNT = 8;

/**
 * Boots, joins, and creates `traces` traces in discard mode that all want `events`.
 * @param options.start false: they stay stopped
 * @param options.attach what `Hypervisor.attach` takes; a coarse clock gets its ticker
 */
export function setUp(events, traces = 1, { start = true, attach = {} } = {}) {
  const hypervisor = Hypervisor.boot();
  const dom0 = hypervisor.dom0();
  // In this thread, so it ticks between rounds only: a row never yields to the event loop. What a
  // tick would add is one miss of the cache a millisecond.
  if (attach.clock === "coarse") hypervisor.startTicker();
  const cpu = hypervisor.attach(attach);
  const made = Array.from({ length: traces }, (_, i) =>
    dom0.createTrace(`bench${i}`, { events, subbufBytes: SUBBUF_BYTES, subbufCount: SUBBUF_COUNT }),
  );
  if (start) for (const trace of made) trace.start();
  return {
    hypervisor,
    dom0,
    cpu,
    traces: made,
    /** Takes the sub-buffers that are full; the one that is being written stays as it is. */
    drain() {
      for (const trace of made) trace.drain(() => {}, { partial: false });
    },
    account() {
      const cpus = made.map((trace) => trace.info().cpus[0]);
      const lost = (info) => info.discardedFull + info.discardedBig + info.overwritten;
      return {
        recorded: cpus.map((info) => info.records),
        discarded: cpus.reduce((sum, info) => sum + lost(info), 0),
      };
    },
  };
}
