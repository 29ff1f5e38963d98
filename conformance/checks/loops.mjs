// A thread in a loop of disabled tracepoints learns that a trace has started, and answers when dom0
// asks whether it has passed a stop (I10, I12): whatever its engine makes of the loop.

import { ok } from "../lib/assert.mjs";
import { LOOPS } from "../lib/loops.mjs";
import { checkOrder, cpuInfo, decode, drained } from "../lib/records.mjs";
import { threadCheck } from "../lib/suite.mjs";

/** Milliseconds after which an engine has made machine code of a loop that it is in. */
const HOT_MS = 250;
/** Milliseconds after which the loop must have learned. */
const LEARNS_MS = 4000;

/** Waits for a stop to be over. */
async function quiet(t, trace, what) {
  trace.stop();
  let over = false;
  const stopped = trace.stopped().then(() => {
    over = true;
  });
  await t.until(what, () => over, LEARNS_MS);
  await stopped;
}

for (const loop of Object.keys(LOOPS)) {
  threadCheck(`loops: of ${loop}: it learns of a start and of a stop`, async (t) => {
    const { hypervisor, dom0 } = t.start();
    const thread = await t.spawn(hypervisor, { attach: null });
    const spinning = thread.call("spin", { loop });
    await thread.note("spinning");
    await t.sleep(HOT_MS);

    const other = dom0.createTrace("other", { events: "types" });
    other.start();
    await quiet(t, other, "the stop of a trace that does not want its event");

    const trace = dom0.createTrace("t", { events: "conf,golden,loop", mode: "overwrite" });
    const { cpu } = hypervisor.threadsOf(thread.tid)[0];
    for (const round of [1, 2]) {
      const { records } = cpuInfo(trace, cpu);
      trace.start();
      const recorded = () => cpuInfo(trace, cpu).records > records;
      await t.until(`a record after start ${round}`, recorded, LEARNS_MS);
      await quiet(t, trace, `stop ${round}`);
      await t.sleep(HOT_MS);
    }
    checkOrder(decode(dom0, drained(trace)));

    thread.stop();
    trace.start();
    await spinning;
  });
}

threadCheck("loops: of counting the free frames: it learns of a new trace", async (t) => {
  const { hypervisor, dom0 } = t.start();
  const thread = await t.spawn(hypervisor, { attach: null });
  const counting = thread.call("countFrames");
  await thread.note("counting");
  await t.sleep(HOT_MS);
  dom0.createTrace("t", { events: "conf" });
  ok((await counting) > 0, "frames that were taken");
});
