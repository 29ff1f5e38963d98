// What everything else is measured by: reading the clock, and nothing else. Its own ratio says how
// far two measurements of the same thing lie apart on this machine.

import { batchRow } from "../lib/batch-row.mjs";

const OPS = 8192;

function clock() {
  let readings = 0;
  const batch = () => {
    let sum = 0;
    for (let i = 0; i < OPS; i++) sum += performance.now();
    readings += OPS;
    return sum;
  };
  return batchRow({
    ops: OPS,
    batch,
    account: () => ({ recorded: [readings], discarded: 0 }),
  });
}

export const rows = { clock };
