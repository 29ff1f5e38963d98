// Tells whether the build is fresh. By content, not by time: a checkout, a copy and a deleted file
// all leave times that prove nothing.

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./step.mjs";

const folders = ["assembly", "src", "types"];
const files = ["asconfig.json", "package.json", "package-lock.json", "tsconfig.json"];
const builders = ["scripts/build.mjs", "scripts/lib/step.mjs", "scripts/lib/inputs.mjs"];
/** Written by the build itself, so it is an output although it lies in src. */
const generated = join("src", "memory", "core-bytes.ts");

const outputs = [
  "build/core.wasm",
  "build/abi.wasm",
  "src/memory/core-bytes.ts",
  "dist/preload.cjs",
  "dist/src/index.js",
  "dist/src/cli/main.js",
];

export const stampFile = join(root, "build", "inputs.sha256");

/** A hash over the path and the bytes of everything the build reads. */
export function hashInputs() {
  const hash = createHash("sha256");
  for (const path of [...folders.flatMap(listFiles), ...files, ...builders]) {
    if (path === generated) continue;
    hash.update(`${path}\0`);
    hash.update(
      createHash("sha256")
        .update(readFileSync(join(root, path)))
        .digest(),
    );
  }
  return hash.digest("hex");
}

/** True when the last build ended well, read what is there now, and its outputs still stand. */
export function isFresh() {
  if (!outputs.every((path) => existsSync(join(root, path)))) return false;
  return existsSync(stampFile) && readFileSync(stampFile, "utf8") === hashInputs();
}

function listFiles(folder) {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath.slice(root.length), entry.name))
    .sort();
}
