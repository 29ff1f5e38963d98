// The rows that a page can run. The others need files, processes or modules of Node.

import { familyOf } from "../lib/rows.mjs";

const families = {
  clock: () => import("../rows/clock.mjs"),
  tracepoints: () => import("../rows/tracepoints.mjs"),
  batches: () => import("../rows/batches.mjs"),
  guest: () => import("../rows/guest.mjs"),
  disabled: () => import("../rows/disabled.mjs"),
  peers: () => import("../rows/peers.mjs"),
};

/** Whether a page can run row `id`. */
export function isPortable(id) {
  return familyOf[id] in families;
}

/** Sets up row `id` in this Worker. */
export async function setUp(id) {
  const { rows } = await families[familyOf[id]]();
  return rows[id]();
}
