// What everything else is measured by: reading the clock, and nothing else. Its own ratio says how
// far two measurements of the same thing lie apart on this machine.

import { batchRow } from "../lib/batch-row.mjs";

const OPS = 8192;

function clockRow(sumOfReadings) {
  let readings = 0;
  const batch = () => {
    readings += OPS;
    return sumOfReadings();
  };
  return batchRow({
    ops: OPS,
    batch,
    account: () => ({ recorded: [readings], discarded: 0 }),
  });
}

/** As programs read it. */
function byGlobal() {
  let sum = 0;
  for (let i = 0; i < OPS; i++) sum += performance.now();
  return sum;
}

const held = performance;

/** As a CPU reads it: the global is an accessor in Node and in browsers. */
function byObject() {
  let sum = 0;
  for (let i = 0; i < OPS; i++) sum += held.now();
  return sum;
}

export const rows = { clock: () => clockRow(byGlobal), "clock-held": () => clockRow(byObject) };
