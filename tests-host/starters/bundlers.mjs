// What users have between their sources and the page: each bundler as its documentation sets it up
// for a page with a worker of its own, and nothing that is there for this package. Their packages are this
// folder's, so that it can be imported only where these are installed.

import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nodeResolve } from "@rollup/plugin-node-resolve";
import { build as esbuild } from "esbuild";
import { rollup } from "rollup";
import { createServer, build as vite } from "vite";
import webpack from "webpack";

/**
 * Builds the page in `dir` (index.html, main.js, and worker.js if there is one) into `out`.
 *
 * @typedef {(dir: string, out: string) => Promise<void>} Bundler
 */

// These two leave `new Worker(new URL(...))` alone: the worker is an entry of its own.
const entriesOf = (dir) =>
  ["main.js", "worker.js"].map((name) => join(dir, name)).filter((path) => existsSync(path));

/** @type {Bundler} */
const withEsbuild = async (dir, outdir) => {
  await esbuild({
    entryPoints: entriesOf(dir),
    outdir,
    bundle: true,
    splitting: true,
    minify: true,
    format: "esm",
    logLevel: "silent",
  });
  copyFileSync(join(dir, "index.html"), join(outdir, "index.html"));
};

/** @type {Bundler} */
const withRollup = async (dir, out) => {
  const built = await rollup({ input: entriesOf(dir), plugins: [nodeResolve({ browser: true })] });
  await built.write({ dir: out, format: "es" });
  await built.close();
  copyFileSync(join(dir, "index.html"), join(out, "index.html"));
};

/** @type {Bundler} */
const withVite = async (root, outDir) => {
  await vite({ root, configFile: false, logLevel: "error", build: { outDir } });
};

/** @type {Bundler} */
const withWebpack = async (context, path) => {
  const options = {
    mode: "production",
    context,
    entry: "./main.js",
    output: { path, filename: "main.js" },
    performance: { hints: false },
  };
  await new Promise((resolve, reject) => {
    webpack(options, (error, stats) => {
      if (error || stats?.hasErrors() || stats?.hasWarnings()) {
        reject(error ?? new Error(stats?.toString("errors-warnings")));
      } else resolve();
    });
  });
  mkdirSync(path, { recursive: true });
  const html = readFileSync(join(context, "index.html"), "utf8");
  // As its plugin for pages writes it: what it emits is a classic script.
  writeFileSync(join(path, "index.html"), html.replace(`type="module"`, "defer"));
};

/** @type {Record<string, Bundler>} */
export const bundlers = {
  esbuild: withEsbuild,
  Rollup: withRollup,
  Vite: withVite,
  webpack: withWebpack,
};

/**
 * Vite's development server for the page in `root`; tells its address.
 *
 * @param {string} root
 * @param {Record<string, string>} headers
 * @returns {Promise<{ url: string, close(): Promise<void> }>}
 */
export async function viteServer(root, headers) {
  const options = { host: "127.0.0.1", headers };
  const vite = await createServer({ root, server: options, configFile: false, logLevel: "error" });
  await vite.listen();
  return { url: vite.resolvedUrls?.local[0] ?? "", close: () => vite.close() };
}
