// Rows of tbuf's own tracepoints. Each runs in a process of its own, with one hypervisor, as
// programs have.

import { bool, bytes, facility, field, label, string, u32, u64 } from "tbuf";
import { jsWriter } from "tbuf/js-writer";
import { batchRow } from "../lib/batch-row.mjs";
import { setUp } from "../lib/setup.mjs";
import { flat, VALUES_MASK, values } from "../lib/values.mjs";

/** Records a batch; those of the largest records fill 6 of the buffer's 8 sub-buffers. */
const OPS = 8192;
/** What the strings of a batch may take: as many bytes as those records. */
const STRINGS_BYTES = 384 * 1024;
/** What a record of a string takes beside its characters, at most. */
const STRING_REST_BYTES = 16;

const js = { writer: jsWriter };
const coarse = { clock: "coarse" };
const caller = { clock: "caller" };

/** A batch for each number of fields; a loop that all share would call through an argument list. */
const batches = [
  (record) => () => {
    for (let i = 0; i < OPS; i++) record();
  },
  (record) => () => {
    for (let i = 0; i < OPS; i++) record(values[i & VALUES_MASK]);
  },
  (record) => () => {
    for (let i = 0; i < OPS; i++) record(i, values[i & VALUES_MASK]);
  },
  (record) => () => {
    for (let i = 0; i < OPS; i++) record(i, values[i & VALUES_MASK], 3);
  },
  (record) => () => {
    for (let i = 0; i < OPS; i++) record(i, values[i & VALUES_MASK], 3, 4);
  },
  (record) => () => {
    for (let i = 0; i < OPS; i++) record(i, values[i & VALUES_MASK], 3, 4, 5);
  },
  (record) => () => {
    for (let i = 0; i < OPS; i++) record(i, values[i & VALUES_MASK], 3, 4, 5, 6);
  },
  (record) => () => {
    for (let i = 0; i < OPS; i++) record(i, values[i & VALUES_MASK], 3, 4, 5, 6, 7);
  },
];

/** A tracepoint with `count` positional numbers. */
function words(count, { traces = 1, attach = {} } = {}) {
  const fields = Array.from({ length: count }, (_, i) => field(`f${i}`, u32));
  const { record } = facility("bench", { record: fields });
  const { cpu, drain, account } = setUp("bench", traces, { attach });
  const records = batches[count](record);
  const withTime = () => {
    cpu.setTime(performance.now());
    records();
  };
  const batch = attach.clock === "caller" ? withTime : records;
  return batchRow({ ops: OPS, batch, drain, account });
}

function record2Named() {
  const { pair } = facility("bench", { pair: { a: u32, b: u32 } });
  const { drain, account } = setUp("bench");
  const batch = () => {
    for (let i = 0; i < OPS; i++) pair({ a: i, b: values[i & VALUES_MASK] });
  };
  return batchRow({ ops: OPS, batch, drain, account });
}

/** One string of `length` ASCII characters, or a label; with `first` what the program has done before. */
function text(length, attach = {}, type = string, first = () => {}) {
  const { record } = facility("bench", { record: [field("text", type)] });
  first();
  const { drain, account } = setUp("bench", 1, { attach });
  // Several strings: of a single one, V8 might keep what it has found out about it.
  const texts = Array.from({ length: 16 }, (_, i) =>
    flat(`/${values[i].toString(36)}/`.padEnd(length, "abcdefghij").slice(0, length)),
  );
  const ops = Math.min(OPS, Math.floor(STRINGS_BYTES / (STRING_REST_BYTES + length)));
  const batch = () => {
    for (let i = 0; i < ops; i++) record(texts[i & 15]);
  };
  return batchRow({ ops, batch, drain, account });
}

/** Fields of the kinds of tracepoints that a program uses beside the one that is measured. */
const KINDS = [
  [field("a", string), field("b", u32)],
  [field("a", u32), field("b", string)],
  [field("a", u64), field("b", string), field("c", string)],
  [field("a", string)],
  [field("a", u32), field("b", u64)],
  { a: string, b: u32 },
  { a: u64, b: u64, c: string, d: u32 },
  { a: string, b: string, c: bool, d: u32 },
  { a: u32, b: bytes },
  { a: u64, b: bool },
];
const KIND_ARGUMENTS = [
  ["text", 1],
  [2, "text"],
  [3e9, "text", "more"],
  ["text"],
  [4, 5],
  [{ a: "text", b: 6 }],
  [{ a: 7, b: 8, c: "text", d: 9 }],
  [{ a: "text", b: "more", c: true, d: 10 }],
  [{ a: 11, b: new Uint8Array(5) }],
  [{ a: 12, b: false }],
];
/** So often each of them is called: V8 compiles what is called some thousand times. */
const KIND_CALLS = 3000;

/** Uses 20 kinds of tracepoints in a trace of their own. */
function useKinds() {
  const kinds = Array.from({ length: 20 }, (_, i) => [`e${i}`, KINDS[i % KINDS.length]]);
  const tracepoints = Object.values(facility("kinds", Object.fromEntries(kinds)));
  const { hypervisor, drain } = setUp("kinds");
  for (let call = 0; call < KIND_CALLS; call++) {
    for (const [i, record] of tracepoints.entries()) record(...KIND_ARGUMENTS[i % KINDS.length]);
    if (call % 100 === 0) drain();
  }
  hypervisor.close();
}

export const rows = {
  "record0-precise": () => words(0),
  "record1-precise": () => words(1),
  "record2-precise": () => words(2),
  "record3-precise": () => words(3),
  "record4-precise": () => words(4),
  "record5-precise": () => words(5),
  "record6-precise": () => words(6),
  "record7-precise": () => words(7),
  "record2-coarse": () => words(2, { attach: coarse }),
  "record2-caller": () => words(2, { attach: caller }),
  "record2-named": record2Named,
  "string8-precise": () => text(8),
  "string32-precise": () => text(32),
  "string128-precise": () => text(128),
  "string1024-precise": () => text(1024),
  "label32-precise": () => text(32, {}, label),
  "string32-kinds": () => text(32, {}, string, useKinds),
  "traces2-record2-precise": () => words(2, { traces: 2 }),
  "traces3-record2-precise": () => words(2, { traces: 3 }),
  "js-record2-precise": () => words(2, { attach: js }),
  "js-record2-coarse": () => words(2, { attach: { ...js, ...coarse } }),
  "js-record2-caller": () => words(2, { attach: { ...js, ...caller } }),
  "js-record7-precise": () => words(7, { attach: js }),
  "js-string32-precise": () => text(32, js),
};
