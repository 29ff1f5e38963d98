// What a runtime's clock is like, and what records cost with it and without it. Figures for the
// documents, not checks.

import { Hypervisor } from "tbuf";
import { conf } from "../facilities.mjs";

/** Enough for a clock that steps 1 ms. */
const RECORDS = 100_000;
const ROUNDS = 5;

export function measure() {
  const readNs = median(() => {
    const begin = performance.now();
    let sum = 0;
    for (let i = 0; i < RECORDS; i++) sum += performance.now();
    // What nobody needs is not computed.
    return sum > 0 ? perCall(begin) : 0;
  });
  // As a CPU reads it: the global is an accessor in Node and in browsers.
  const clock = performance;
  const heldNs = median(() => {
    const begin = performance.now();
    let sum = 0;
    for (let i = 0; i < RECORDS; i++) sum += clock.now();
    return sum > 0 ? perCall(begin) : 0;
  });
  return {
    isolated: globalThis.crossOriginIsolated ?? null,
    steps: stepsNs(),
    readNs,
    heldNs,
    preciseNs: recordNs("precise"),
    coarseNs: recordNs("coarse"),
    callerNs: recordNs("caller"),
  };
}

const perCall = (begin) => ((performance.now() - begin) * 1e6) / RECORDS;

/** Nanoseconds of a record of one word in an overwriting trace. */
function recordNs(clock) {
  const hypervisor = Hypervisor.boot();
  const ticker = clock === "coarse" ? hypervisor.startTicker() : undefined;
  try {
    hypervisor.attach({ clock });
    const trace = hypervisor.dom0().createTrace("cost", { events: "conf", mode: "overwrite" });
    trace.start();
    return median(() => {
      const begin = performance.now();
      for (let i = 0; i < RECORDS; i++) conf.tick(i);
      return perCall(begin);
    });
  } finally {
    ticker?.stop();
    hypervisor.close();
  }
}

function median(round) {
  const rounds = Array.from({ length: ROUNDS }, round).sort((a, b) => a - b);
  return rounds[ROUNDS >> 1];
}

/** The least and the usual step of performance.now(), in nanoseconds, in 20 ms of reading it. */
function stepsNs() {
  const steps = [];
  const begin = performance.now();
  for (let last = begin; last - begin < 20; ) {
    const now = performance.now();
    if (now === last) continue;
    steps.push(now - last);
    last = now;
  }
  steps.sort((a, b) => a - b);
  return { least: steps[0] * 1e6, usual: steps[steps.length >> 1] * 1e6 };
}
