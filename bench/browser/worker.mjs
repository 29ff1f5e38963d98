// A Worker that holds one row, as bench/lib/child.mjs is a process that does: a heap of its own, and
// an engine that has seen nothing else.

import { setUp } from "./rows.mjs";

const row = await setUp(new URLSearchParams(location.search).get("id"));

addEventListener("message", async ({ data }) => {
  try {
    postMessage({ result: await row.round(data) });
  } catch (error) {
    postMessage({ error: `${error}\n${error.stack}` });
  }
});
postMessage({ ready: true });
