// What the real command line records of an event loop, and that the program does not notice.

import { join } from "node:path";
import { expect } from "vitest";
import { itWith } from "../lib/peers.js";
import { babeltrace, fixture, freshDir, record, run, total } from "../lib/record.js";

const it = itWith("babeltrace2");

it("tells when the loop was idle, and no turn comes to pass by that", async () => {
  const dir = join(freshDir(), "trace");
  const alone = await run(process.execPath, [fixture("record-idle.mjs")]);
  const { code, stdout } = await record(dir, "record-idle.mjs");
  expect({ code, stdout }).toEqual({ code: alone.code, stdout: alone.stdout });
  const read = await babeltrace(dir, (line) => line.includes("node_loop:idle"));
  expect({ code: read.code, stderr: read.stderr }).toEqual({ code: 0, stderr: "" });
  const durations = read.kept.map((line) => Number(/duration = (\d+)/.exec(line)?.[1]));
  // Waited for a timer of 300 ms, which begins a little before the loop blocks.
  expect(Math.max(...durations)).toBeGreaterThan(200_000_000);
  // 300 ms without a turn of tbuf's own: the recorder asks for an answer now and then.
  expect(durations.length).toBeLessThan(30);
  expect(total(read, "xen_sched:sched_block")).toBe(durations.length);
  expect(total(read, "xen_sched:sched_wake")).toBe(durations.length);
  expect(total(read, "xen_sched:sched_yield")).toBeGreaterThanOrEqual(2);
});
