// Serves the page: `npm run example:browser`, then open what it prints.
//
//     node examples/browser/serve.mjs [--port 8080] [--plain]
//
// With --plain it does not send the headers that make a page cross-origin isolated: no memory can be
// shared then, and the page is its own only writer.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";

const ISOLATED = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};
const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** The page's files by path. Workers are files of their own: the page names them by URL. */
async function files() {
  const { outputFiles } = await build({
    entryPoints: ["page", "writer", "cost-worker"].map((name) => here(`${name}.mjs`)),
    bundle: true,
    format: "esm",
    target: "es2022",
    outdir: here("."),
    write: false,
    minify: true,
  });
  const made = new Map(
    outputFiles.map(({ path, contents }) => [`/${path.slice(here(".").length)}`, contents]),
  );
  made.set("/", readFileSync(here("index.html")));
  made.set("/style.css", readFileSync(here("style.css")));
  return made;
}

const TYPES = { js: "text/javascript", css: "text/css" };

/** Starts serving. @returns the server, listening on `port` of this machine (0: any free one) */
export async function serve({ port = 0, isolated = true } = {}) {
  const served = await files();
  const server = createServer(({ url }, response) => {
    const path = new URL(url, "http://page").pathname;
    const body = served.get(path);
    const type = TYPES[path.split(".").at(-1)] ?? "text/html";
    response.writeHead(body ? 200 : 404, {
      "Content-Type": `${type}; charset=utf-8`,
      "Cache-Control": "no-store",
      ...(isolated && ISOLATED),
    });
    response.end(body ?? "no such file");
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return server;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: { port: { type: "string", default: "8080" }, plain: { type: "boolean" } },
  });
  const server = await serve({ port: Number(values.port), isolated: !values.plain });
  console.log(`http://127.0.0.1:${server.address().port}/   (Ctrl-C ends it)`);
}
