#!/usr/bin/env node
// `npm run size`: how big the package is for those who load it, as esbuild bundles and minifies it, and
// what of that is whose. Of what was built: `npm run build` comes first.
//
//   npm run size             a table
//   npm run size -- --json   the same as JSON

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { minify } from "./lib/minify.mjs";
import { root } from "./lib/step.mjs";

/** What is loaded, by whom: the programs in scripts/size. */
const ENTRIES = ["page", "worker", "library"];
const CORE = "core-bytes";

/** A program's script, with the bytes that each source has in it. */
async function bundle(name) {
  const { text, inputs } = await minify({
    entryPoints: [join(root, `scripts/size/${name}.mjs`)],
    absWorkingDir: root,
  });
  const sources = Object.entries(inputs).map(([path, { bytesInOutput }]) => [
    /src\/(.*)\.js$/.exec(path)?.[1] ?? "",
    bytesInOutput,
  ]);
  return { text, sources };
}

/** Bytes after brotli at its best, as servers of static files have it. */
function compressed(bytes) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
  return brotliCompressSync(bytes, { params }).length;
}

/** Bytes by part: a folder of src, or src itself, or the hypervisor's module. */
function partsOf(sources) {
  const parts = new Map();
  for (const [path, bytes] of sources) {
    const folder = path.includes("/") ? `${path.split("/")[0]}/` : "src";
    const part = path === CORE ? "core.wasm" : folder;
    parts.set(part, (parts.get(part) ?? 0) + bytes);
  }
  return Object.fromEntries([...parts].sort(([, a], [, b]) => b - a));
}

/** What the module adds, in a string that JavaScript can hold, is not of the JavaScript. */
function javascriptOf(text) {
  return text.replace(/"\[0,97,115,109,[\d,]*\]"/, '""');
}

const core = readFileSync(join(root, "build/core.wasm"));
const sizes = { "core.wasm": { bytes: core.length, brotli: compressed(core) } };
for (const name of ENTRIES) {
  const { text, sources } = await bundle(name);
  sizes[name] = {
    bytes: text.length,
    brotli: compressed(text),
    javascriptBrotli: compressed(javascriptOf(text)),
    parts: partsOf(sources),
  };
}

if (process.argv.includes("--json")) console.log(JSON.stringify(sizes));
else {
  console.table(
    Object.fromEntries(Object.entries(sizes).map(([name, { parts: _, ...row }]) => [name, row])),
  );
  console.log("Minified bytes of each part:");
  console.table(Object.fromEntries(ENTRIES.map((name) => [name, sizes[name].parts])));
}
