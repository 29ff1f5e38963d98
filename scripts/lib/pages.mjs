// Pages for browsers of this machine: bundled, and served as shared memory needs it, or not.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { basename, extname, join } from "node:path";
import { text } from "node:stream/consumers";
import { build } from "esbuild";

/** The headers that let a page share memory. */
export const isolating = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/**
 * Modules with all that they import, by the path that a page names them by.
 *
 * @param {string[]} entryPoints
 * @param {import("esbuild").BuildOptions} [options]
 * @returns {Promise<Map<string, string | Uint8Array>>}
 */
export async function bundle(entryPoints, options) {
  const { outputFiles } = await build({
    entryPoints,
    bundle: true,
    format: "esm",
    target: "es2022",
    outdir: "/",
    logLevel: "error",
    ...options,
    write: false,
  });
  return new Map(outputFiles.map(({ path, contents }) => [`/${basename(path)}`, contents]));
}

/**
 * The files of a folder, for `servePages`, whose paths never lead out of it.
 *
 * @param {string} dir
 * @returns {(path: string) => Uint8Array | string | undefined}
 */
export function filesOf(dir) {
  return (path) => {
    try {
      return readFileSync(join(dir, path));
    } catch {
      // Browsers ask for an icon, and complain of a page that has none.
      return path === "/favicon.ico" ? "" : undefined;
    }
  };
}

/**
 * Serves what `find` knows, on this machine only. Throws the server's Error, such as of a port in use.
 *
 * @param {(path: string) => string | Uint8Array | undefined} find
 *   by a path that begins with "/"; that of a folder's page ends with "/index.html"
 * @param {object} [options]
 * @param {boolean} [options.isolated] whether the pages may share memory
 * @param {number} [options.port] 0: any that is free
 * @param {(body: string) => void} [options.receive] hears what pages post
 * @returns {Promise<{ url: string, close(): Promise<void> }>}
 */
export async function servePages(find, { isolated = true, port = 0, receive } = {}) {
  const server = createServer(async (request, response) => {
    // This takes every ".." out of a path.
    const { pathname } = new URL(request.url.replace(/^[^/]*/, "http://localhost"));
    const path = pathname.endsWith("/") ? `${pathname}index.html` : pathname;
    response.setHeader("Cache-Control", "no-store");
    if (isolated) response.setHeaders(new Map(Object.entries(isolating)));
    if (receive && request.method === "POST") {
      receive(await text(request));
      return void response.end();
    }
    const body = find(path);
    const type = body === undefined ? "text/plain" : TYPES[extname(path)];
    response.setHeader("Content-Type", type ?? "application/octet-stream");
    response.writeHead(body === undefined ? 404 : 200).end(body ?? `no ${path}`);
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
