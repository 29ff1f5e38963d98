// Serves the page of the bench, cross-origin isolated, as shared memory needs it.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const at = (name) => fileURLToPath(new URL(name, import.meta.url));

const headers = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cache-Control": "no-store",
};

/**
 * Bundles the page and begins to serve it on this machine only; port 0: any that is free.
 * Resolves to its address and `close()`.
 */
export async function serve(port) {
  const { outputFiles } = await build({
    entryPoints: [at("page.mjs"), at("worker.mjs")],
    bundle: true,
    // A Worker loads its row's file only.
    splitting: true,
    format: "esm",
    target: "es2022",
    outdir: at("out"),
    write: false,
    logLevel: "error",
  });
  const files = new Map(outputFiles.map(({ path, contents }) => [`/${basename(path)}`, contents]));
  files.set("/", readFileSync(at("index.html")));

  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const body = files.get(pathname);
    const type = pathname === "/" ? "text/html" : "text/javascript";
    response.writeHead(body ? 200 : 404, { ...headers, "Content-Type": `${type}; charset=utf-8` });
    response.end(body);
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    address: `http://localhost:${server.address().port}/`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
