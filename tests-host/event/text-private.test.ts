// Where a runtime refuses to encode texts into shared memory, records are the same.

import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Area } from "../../src/event/area.js";
import { writeText } from "../../src/event/text.js";

const original = TextEncoder.prototype.encodeInto;
let refused = 0;

/** Such a runtime's own copy of the module, which looks at the runtime when it is loaded. */
async function otherWriteText(): Promise<typeof writeText> {
  vi.resetModules();
  return (await import("../../src/event/text.js")).writeText;
}

const refusing: typeof original = function (
  this: InstanceType<typeof TextEncoder>,
  source,
  destination,
) {
  if (destination.buffer instanceof SharedArrayBuffer) {
    refused++;
    throw new TypeError("shared memory is not allowed");
  }
  return original.call(this, source, destination);
};

afterEach(() => {
  TextEncoder.prototype.encodeInto = original;
});

const SIZE = 512;

/** What a writer returns and leaves in shared memory, up to and beyond `limit`. */
function written(write: typeof writeText, text: string, at: number, limit: number) {
  const bytes = new Uint8Array(new SharedArrayBuffer(SIZE)).fill(0xaa);
  const end = write(text, new Area(bytes, new DataView(bytes.buffer), limit), at);
  return { end, payload: [...bytes.slice(at, Math.max(end, at))], beyond: [...bytes.slice(limit)] };
}

describe("a runtime that does not encode into shared memory", () => {
  it("is found out once, and writes the same", async () => {
    TextEncoder.prototype.encodeInto = refusing;
    const other = await otherWriteText();
    expect(refused).toBe(1);
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 120 }),
      fc.string({ unit: "binary-ascii", maxLength: 400 }),
      fc.string({ unit: fc.constantFrom("a", "\0", "\ud800", "é", "😀"), maxLength: 90 }),
    );
    fc.assert(
      fc.property(text, fc.nat(10), fc.integer({ min: 40, max: SIZE }), (value, word, limit) => {
        TextEncoder.prototype.encodeInto = refusing;
        const theirs = written(other, value, word * 4, limit);
        expect(theirs.beyond.every((byte) => byte === 0xaa)).toBe(true);
        TextEncoder.prototype.encodeInto = original;
        expect(theirs).toEqual(written(writeText, value, word * 4, limit));
      }),
    );
    expect(refused).toBe(1);
  });
});
