#!/usr/bin/env node
// Writes what stands once for each number of words of a record into the sources that have it, between
// two lines that say so. tests-host/guards/arities.test.ts tells when they are no longer what this writes.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LADDER_FILES, withLadder } from "./lib/arities.mjs";
import { root } from "./lib/step.mjs";

for (const path of LADDER_FILES) {
  const file = join(root, path);
  writeFileSync(file, withLadder(path, readFileSync(file, "utf8")));
}
