// Some functions of some runtimes refuse views of shared memory: none is ever handed one.

import { conf, TYPES, types } from "../facilities.mjs";
import { equal, ok } from "../lib/assert.mjs";
import { decode, drained, fieldsOf } from "../lib/records.mjs";
import { check } from "../lib/suite.mjs";

const isShared = (view) =>
  typeof SharedArrayBuffer === "function" && (view?.buffer ?? view) instanceof SharedArrayBuffer;

/** Makes a method refuse shared views until the check is over, as the strictest runtime does. */
function refuseShared(t, owner, name) {
  const original = owner[name];
  t.onEnd(() => {
    owner[name] = original;
  });
  owner[name] = function strict(...args) {
    if (args.some(isShared)) throw new TypeError(`${name}: a view of shared memory`);
    return original.apply(this, args);
  };
}

check("views: no decoder is handed shared memory", (t) => {
  refuseShared(t, TextDecoder.prototype, "decode");
  const { dom0, trace } = t.record("types,conf", { subbufBytes: 65536 });
  for (const text of TYPES.string.values) types.string(text);
  types.bytes(Uint8Array.of(1, 2));
  conf.text("x".repeat(500), 1);
  const records = decode(dom0, drained(trace));
  equal(
    fieldsOf(records, "types:string").map(({ v }) => v),
    TYPES.string.values,
    "texts",
  );
  ok(dom0.openTrace("t").info().name === "t", "the name");
});

check("views: what the runtime says of encodeInto is what it does", (t) => {
  // Where it takes shared memory it must fill it: a runtime that fails silently would lose texts.
  const { dom0, trace } = t.record("conf", { subbufBytes: 65536 });
  const texts = ["\u00fc".repeat(40), "z".repeat(1000), "\u{1f600}".repeat(30)];
  for (const [n, text] of texts.entries()) conf.text(text, n);
  equal(
    fieldsOf(decode(dom0, drained(trace)), "conf:text").map((each) => each.t),
    texts,
    "texts",
  );
});

check("views: a discard packet is a view, a snapshot is a copy", (t) => {
  const { trace } = t.record("conf");
  conf.tick(1);
  equal(isShared(trace.snapshot()[0].bytes), false, "a snapshot is shared");
  trace.drain((packet) => {
    const inside = packet.bytes.byteLength < packet.bytes.buffer.byteLength;
    ok(inside, "the packet was copied");
  });
});

check("views: decoded bytes are copies that nobody changes", (t) => {
  const { dom0, trace } = t.record("types", { subbufBytes: 256 });
  types.bytes(Uint8Array.of(1, 2, 3));
  const [{ v }] = fieldsOf(decode(dom0, drained(trace)), "types:bytes");
  for (let i = 0; i < 100; i++) types.bytes(Uint8Array.of(9, 9, 9));
  equal(v, Uint8Array.of(1, 2, 3), "bytes");
  equal(isShared(v), false, "shared");
});
