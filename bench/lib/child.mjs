// A process that holds one row, and measures a round of it whenever the main process asks. One row a
// process: what V8 has learned from one row says nothing to the next, and no heap is another's.

import { familyOf } from "./rows.mjs";

const id = process.argv[2];
const { rows } = await import(`../rows/${familyOf[id]}.mjs`);
const row = await rows[id]();

process.on("message", async (options) => {
  try {
    process.send({ result: await row.round(options) });
  } catch (error) {
    process.send({ error: error.stack });
  }
});
process.on("disconnect", async () => {
  await row.close?.();
  process.exit();
});
process.send({ ready: true });
