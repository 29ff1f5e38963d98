// The golden trace as text and as Chrome trace events is the same in every runtime.

import { openTraceFiles } from "tbuf/ctf";
import { toChrome } from "tbuf/formats/chrome";
import { toText } from "tbuf/formats/text";
import { GOLDEN } from "../golden.mjs";
import { equal } from "../lib/assert.mjs";
import { fromBase64 } from "../lib/base64.mjs";
import { check } from "../lib/suite.mjs";

const metadata = GOLDEN.metadata.map((line) => [line].flat().join("")).join("\n");
const packets = GOLDEN.discard.map((lines) => fromBase64(lines.join("")));
const stream = new Uint8Array(packets.reduce((sum, { length }) => sum + length, 0));
packets.reduce((at, packet) => {
  stream.set(packet, at);
  return at + packet.length;
}, 0);
const open = () =>
  openTraceFiles([
    ["metadata", new TextEncoder().encode(metadata)],
    ["xen_0", stream],
  ]);

/** A number that another text hardly has (FNV-1a). */
function fingerprint(text) {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

check("formats: the golden trace as text", () => {
  const trace = open();
  const { clockOffsetNs } = trace.metadata;
  const lines = [...toText(trace.entries(), { time: "utc", clockOffsetNs })];
  equal(lines.length, 40, "lines");
  equal(
    lines[11],
    "[2023-11-14T22:13:21.007999999Z] (+0.001000000) golden:list: { cpu_id = 0 }, " +
      '{ l = [1, 2, 65535], s = ["x", "", "yz"], c = "deep sea" (7) }\n',
    "a line",
  );
  // What Node makes of it.
  equal(fingerprint(lines.join("")), 1_517_436_807, "the text");
});

check("formats: the golden trace as Chrome trace events", () => {
  const trace = open();
  const text = [...toChrome(trace.entries(), { metadata: trace.metadata })].join("");
  equal(JSON.parse(text).traceEvents.length, 40 + 3, "events: a line each, and who they are of");
  equal(fingerprint(text), 458_131_896, "the JSON");
});
