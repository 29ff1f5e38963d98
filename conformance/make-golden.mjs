// Writes golden.mjs anew: after a change of the layout, never to make a runtime pass.
//
//     node conformance/make-golden.mjs && npm run format

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import "./facilities.mjs";
import { toBase64 } from "./lib/base64.mjs";
import { goldenBytes, goldenMetadata } from "./lib/golden-run.mjs";
import { World } from "./lib/world.mjs";

const COLUMNS = 88;

const world = new World(undefined);
const packets = (mode) =>
  goldenBytes(world, { mode }).map((bytes) =>
    toBase64(bytes).match(new RegExp(`.{1,${COLUMNS}}`, "g")),
  );
const golden = {
  discard: packets("discard"),
  overwrite: packets("overwrite"),
  metadata: goldenMetadata(world).split("\n"),
};
await world.end();
const text = `// What every runtime must leave, byte by byte. Written by make-golden.mjs: packets in Base64, and the
// lines of a trace's metadata.

export const GOLDEN = ${JSON.stringify(golden)};
`;
writeFileSync(fileURLToPath(new URL("golden.mjs", import.meta.url)), text);
