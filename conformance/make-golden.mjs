// Writes golden.mjs anew: after a change of the layout, never to make a runtime pass.
//
//     node conformance/make-golden.mjs && npm run format

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import "./facilities.mjs";
import { toBase64 } from "./lib/base64.mjs";
import { Fixture } from "./lib/fixture.mjs";
import { goldenBytes, goldenMetadata } from "./lib/golden-run.mjs";

const COLUMNS = 88;

const pieces = (text) => text.match(new RegExp(`.{1,${COLUMNS}}`, "g"));

const fixture = new Fixture(undefined);
const packets = (mode) => goldenBytes(fixture, { mode }).map((bytes) => pieces(toBase64(bytes)));
const golden = {
  discard: packets("discard"),
  overwrite: packets("overwrite"),
  metadata: goldenMetadata(fixture)
    .split("\n")
    .map((line) => (line.length > COLUMNS ? pieces(line) : line)),
};
await fixture.end();
const text = `// What every runtime must leave, byte by byte. Written by make-golden.mjs: packets in Base64, and the
// lines of a trace's metadata. What is too long for a line is cut in pieces.

export const GOLDEN = ${JSON.stringify(golden)};
`;
writeFileSync(fileURLToPath(new URL("golden.mjs", import.meta.url)), text);
