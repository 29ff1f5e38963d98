// What the characters of a string cost by themselves, in the two ways there are to get at them: so much
// of `string32-precise` is not tbuf's.

import { batchRow } from "../lib/batch-row.mjs";
import { flat, values } from "../lib/values.mjs";

const OPS = 8192;
const LENGTH = 32;

const texts = Array.from({ length: 16 }, (_, i) =>
  flat(`/${values[i].toString(36)}/`.padEnd(LENGTH, "abcdefghij").slice(0, LENGTH)),
);
/** Nothing is recorded, and nothing claims to be. */
const account = () => ({ recorded: [0], discarded: 0 });

function charCodes() {
  const batch = () => {
    let sum = 0;
    for (let i = 0; i < OPS; i++) {
      const text = texts[i & 15];
      for (let j = 0; j < LENGTH; j++) sum += text.charCodeAt(j);
    }
    return sum;
  };
  return batchRow({ ops: OPS, batch, account, recordsPerOp: 0 });
}

function encodeInto() {
  const encoder = new TextEncoder();
  const bytes = new Uint8Array(LENGTH);
  const batch = () => {
    let sum = 0;
    for (let i = 0; i < OPS; i++) sum += encoder.encodeInto(texts[i & 15], bytes).written;
    return sum;
  };
  return batchRow({ ops: OPS, batch, account, recordsPerOp: 0 });
}

export const rows = { "charcodes-32": charCodes, "encodeinto-32": encodeInto };
