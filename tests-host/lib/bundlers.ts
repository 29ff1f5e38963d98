// What users have between their sources and the page: each bundler as its documentation sets it up
// for a page with a worker of its own, and nothing that is there for this package.

import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nodeResolve } from "@rollup/plugin-node-resolve";
import { build as esbuild } from "esbuild";
import { rollup } from "rollup";
import { createServer, build as vite } from "vite";
import webpack from "webpack";

/** Builds the page in `dir` (index.html, main.js, and worker.js if there is one) into `out`. */
export type Bundler = (dir: string, out: string) => Promise<void>;

// These two leave `new Worker(new URL(...))` alone: the worker is an entry of its own.
const entriesOf = (dir: string) =>
  ["main.js", "worker.js"].map((name) => join(dir, name)).filter((path) => existsSync(path));

const withEsbuild: Bundler = async (dir, outdir) => {
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

const withRollup: Bundler = async (dir, out) => {
  const built = await rollup({ input: entriesOf(dir), plugins: [nodeResolve({ browser: true })] });
  await built.write({ dir: out, format: "es" });
  await built.close();
  copyFileSync(join(dir, "index.html"), join(out, "index.html"));
};

const withVite: Bundler = async (root, outDir) => {
  await vite({ root, configFile: false, logLevel: "error", build: { outDir } });
};

const withWebpack: Bundler = async (context, path) => {
  const options: webpack.Configuration = {
    mode: "production",
    context,
    entry: "./main.js",
    output: { path, filename: "main.js" },
    performance: { hints: false },
  };
  await new Promise<void>((resolve, reject) => {
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

export const bundlers: Record<string, Bundler> = {
  esbuild: withEsbuild,
  Rollup: withRollup,
  Vite: withVite,
  webpack: withWebpack,
};

/** Vite's development server for the page in `root`; tells its address. */
export async function viteServer(root: string, headers: Record<string, string>) {
  const options = { host: "127.0.0.1", headers };
  const vite = await createServer({ root, server: options, configFile: false, logLevel: "error" });
  await vite.listen();
  return { url: vite.resolvedUrls?.local[0] ?? "", close: () => vite.close() };
}
