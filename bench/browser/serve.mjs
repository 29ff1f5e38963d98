// Serves the page of the bench, cross-origin isolated, as shared memory needs it.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { bundle, servePages } from "../../scripts/lib/pages.mjs";

const at = (name) => fileURLToPath(new URL(name, import.meta.url));

/** Bundles the page and begins to serve it; port 0: any that is free. */
export async function serve(port) {
  // Split: a Worker loads its row's file only.
  const files = await bundle([at("page.mjs"), at("worker.mjs")], { splitting: true });
  files.set("/index.html", readFileSync(at("index.html")));
  return servePages((path) => files.get(path), { port });
}
