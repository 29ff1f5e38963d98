// Every field type, there and back: what a record holds is what was given, edge values included.

import { between, conf, golden, LISTS, lists, TYPES, types } from "../facilities.mjs";
import { equal } from "../lib/assert.mjs";
import { fieldsOf, read } from "../lib/records.mjs";
import { check } from "../lib/suite.mjs";

const ROOM = { subbufBytes: 65536 };

for (const [name, { values, odd }] of Object.entries(TYPES)) {
  for (const writer of ["wasm", "js"]) {
    check(`fields: ${name}, every edge value comes back (${writer} writer)`, (t) => {
      const { dom0, trace } = t.record("types", { ...ROOM, attach: { writer } });
      for (const value of values) types[name](value);
      const got = fieldsOf(read(dom0, trace), `types:${name}`);
      equal(
        got,
        values.map((v) => ({ v })),
      );
    });
  }

  check(`fields: ${name}, odd arguments become what the type says`, (t) => {
    const { dom0, trace } = t.record("types", ROOM);
    for (const [value] of odd) types[name](value);
    const got = fieldsOf(read(dom0, trace), `types:${name}`);
    equal(
      got,
      odd.map(([, v]) => ({ v })),
    );
  });

  check(`fields: ${name} between two others, by name`, (t) => {
    const { dom0, trace } = t.record("between", ROOM);
    for (const value of values) between[name]({ before: 0xffffffff, value, after: 0x80000001 });
    const got = fieldsOf(read(dom0, trace), `between:${name}`);
    equal(
      got,
      values.map((value) => ({ before: 0xffffffff, value, after: 0x80000001 })),
    );
  });
}

for (const name of LISTS) {
  check(`fields: array of ${name}, empty, of one, and of all edge values`, (t) => {
    const { values } = TYPES[name];
    const { dom0, trace } = t.record("lists", ROOM);
    const given = [[], values.slice(0, 1), values, [...values, ...values]];
    for (const list of given) lists[name](list);
    equal(
      fieldsOf(read(dom0, trace), `lists:${name}`),
      given.map((v) => ({ v })),
    );
  });
}

check("fields: a typed array is an array, shared or not", (t) => {
  const { dom0, trace } = t.record("lists", ROOM);
  lists.u16(Uint16Array.of(1, 2, 65535));
  lists.f64(Float64Array.of(0.5, -0));
  lists.i64(BigInt64Array.of(-1n));
  const got = read(dom0, trace).map(({ fields }) => fields.v);
  equal(got, [[1, 2, 65535], [0.5, -0], [-1n]]);
});

check("fields: bytes of shared memory, and of a part of a buffer", (t) => {
  const { dom0, trace } = t.record("types", ROOM);
  const buffer =
    typeof SharedArrayBuffer === "function" ? new SharedArrayBuffer(8) : new ArrayBuffer(8);
  const view = new Uint8Array(buffer);
  view.set([1, 2, 3, 4, 5, 6, 7, 8]);
  types.bytes(view);
  types.bytes(view.subarray(2, 5));
  types.bytes(new DataView(buffer, 6));
  const got = fieldsOf(read(dom0, trace), "types:bytes").map(({ v }) => Array.from(v));
  equal(got, [
    [1, 2, 3, 4, 5, 6, 7, 8],
    [3, 4, 5],
    [7, 8],
  ]);
});

check("fields: texts of every length up to 300, in one to four bytes a character", (t) => {
  const { dom0, trace } = t.record("conf", {
    subbufBytes: 262144,
    subbufCount: 2,
    boot: { memoryBytes: 8 << 20 },
  });
  const given = [];
  for (let length = 0; length <= 300; length++) {
    for (const character of ["a", "\u00fc", "\u6f22", "\u{1f600}"]) {
      if (length % 7 === 0 || character === "a") given.push(character.repeat(length));
    }
  }
  for (const [n, text] of given.entries()) conf.text(text, n);
  equal(
    fieldsOf(read(dom0, trace), "conf:text"),
    given.map((text, n) => ({ t: text, n })),
  );
});

check("fields: an argument whose valueOf records in turn", (t) => {
  const { dom0, trace } = t.record("conf,types", ROOM);
  const value = {
    valueOf() {
      conf.text("within", 1);
      return 7;
    },
  };
  types.u32(value);
  const got = read(dom0, trace).map(({ event }) => event);
  equal(got, ["conf:text", "types:u32"], "events");
});

check("fields: an argument that throws leaves no record behind", (t) => {
  const { dom0, trace } = t.record("conf,types", ROOM);
  let thrown = false;
  try {
    types.string({
      toString() {
        throw new Error("no");
      },
    });
  } catch {
    thrown = true;
  }
  conf.tick(1);
  equal([thrown, read(dom0, trace).map(({ event }) => event)], [true, ["conf:tick"]]);
});

check("fields: seven scalars of one word each, and none", (t) => {
  const { dom0, trace } = t.record("golden", ROOM);
  golden.seven(255, 65535, 4294967295, -128, -32768, -2147483648, true);
  golden.none();
  equal(
    read(dom0, trace).map(({ fields }) => Object.values(fields)),
    [[255, 65535, 4294967295, -128, -32768, -2147483648, true], []],
  );
});

check("fields: arguments that are missing", (t) => {
  const { dom0, trace } = t.record("golden", ROOM);
  golden.pair();
  golden.named({});
  golden.text();
  equal(
    read(dom0, trace).map(({ fields }) => fields),
    [
      { a: 0, b: 0 },
      { id: 0, path: "" },
      { t: "", n: 0 },
    ],
  );
});
