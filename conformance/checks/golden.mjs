// The same events at the same times leave the same bytes: those of golden.mjs, in every runtime.

import { checkMetadata, decodePacket, readFacilities } from "tbuf/ctf";
import { GOLDEN } from "../golden.mjs";
import { equal, ok } from "../lib/assert.mjs";
import { fromBase64, toBase64 } from "../lib/base64.mjs";
import { goldenBytes, goldenMetadata } from "../lib/golden-run.mjs";
import { checkOrder } from "../lib/records.mjs";
import { check } from "../lib/suite.mjs";

const metadata = GOLDEN.metadata.map((line) => [line].flat().join(""));

for (const mode of ["discard", "overwrite"]) {
  for (const writer of ["wasm", "js"]) {
    check(`golden: the packets are those of golden.mjs, mode ${mode}, ${writer} writer`, (t) => {
      const packets = goldenBytes(t, { mode, writer });
      equal(packets.length, GOLDEN[mode].length, "packets");
      packets.forEach((packet, i) => {
        equal(toBase64(packet), GOLDEN[mode][i].join(""), `packet ${i}`);
      });
    });
  }
}

check("golden: unshared memory holds the same bytes", (t) => {
  const boot = t.boot.bind(t);
  t.boot = () => boot({ shared: false });
  equal(
    goldenBytes(t).map(toBase64),
    GOLDEN.discard.map((lines) => lines.join("")),
    "packets",
  );
});

check("golden: Base64 in plain code is there and back the same", () => {
  for (let length = 0; length < 40; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 37 + length) & 0xff);
    equal(fromBase64(toBase64(bytes)), bytes, `${length} bytes`);
    equal(toBase64(bytes), btoa(String.fromCharCode(...bytes)), `${length} bytes as the runtime`);
  }
});

check("golden: the metadata is that of golden.mjs, and reads back", (t) => {
  const text = goldenMetadata(t);
  equal(text.split("\n"), metadata, "lines");
  equal(checkMetadata(text).clockOffsetNs, 1_700_000_000_999_999_999n, "the clock's offset");
  const [{ firstEvent, definition }] = readFacilities(text);
  equal([definition.name, definition.events.length], ["golden", 8], "the facility");
  ok(firstEvent > 0, "no facility came before");
});

check("golden: the packets read back, record by record", () => {
  const facilities = readFacilities(metadata.join("\n"));
  for (const mode of ["discard", "overwrite"]) {
    const packets = GOLDEN[mode].map((lines) => fromBase64(lines.join("")));
    const records = packets.flatMap((packet) => [...decodePacket(packet, facilities)]);
    checkOrder(records);
    ok(records.length > 10, `${records.length} records`);
    equal(new Set(records.map(({ event }) => event)).size > 5, true, "events");
  }
});
