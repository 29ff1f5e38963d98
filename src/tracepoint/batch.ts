// Batches: many records of one event, laid out by the program and published together. They cost what
// copying them costs: one call, one reading of the clock, one atomic store.

import { RECORD_EVENT_MASK, SCRATCH_BYTES } from "../../assembly/public/layout.js";
import type { CpuBinding } from "../cpu/current.js";
import { TraceError } from "../errors.js";
import type { EventDefinition } from "../event/definition.js";
import type { EventEncoder } from "../event/encode.js";
import { isInt32Array, lengthOf, wordsOf } from "../event/genuine.js";
import { look } from "../memory/look.js";

/** Records a batch; see `TracepointFunction` in facility.ts. */
export type WriteMany = (words: Int32Array, count?: number) => void;

/** A tracepoint's function for batches, and how it is tied to the thread's CPU. */
export interface Batch {
  readonly writeMany: WriteMany;
  /** As `Tracepoint.bind`. */
  bind(binding: CpuBinding | undefined, event: number): void;
}

/** Makes the function that records batches of an event. */
export function makeBatch({ definition, fixedBytes }: EventEncoder): Batch {
  let binding: CpuBinding | undefined;
  let id = 0;
  let scratch = 0;

  const write = (
    { core, views }: CpuBinding,
    time: number,
    words: Int32Array,
    count: number,
  ): void => {
    const payload = fixedBytes ?? 0;
    const each = payload / 4;
    const most = Math.max(1, Math.floor(SCRATCH_BYTES / Math.max(payload, 4)));
    for (let done = 0; done < count; done += most) {
      const records = Math.min(most, count - done);
      const from = done * each;
      const all = from === 0 && lengthOf(words) === records * each;
      views.words.set(all ? words : wordsOf(words, from, records * each), scratch / 4);
      core.record(id, time, payload, records);
    }
  };

  return {
    writeMany(words, count) {
      const records = countOf(definition, fixedBytes, words, count);
      if (!binding || look(binding.views.enabled, id) === 0) return;
      // One time for all: they are one moment to the program.
      const time = binding.now();
      // The clock may be the program's, and have tied this to another CPU, or to none.
      if (binding) write(binding, time, words, records);
    },
    bind(next, event) {
      binding = next;
      id = event & RECORD_EVENT_MASK;
      scratch = next?.core.cpu_scratch_at() ?? 0;
    },
  };
}

/** Records that are asked for. Throws TraceError `bad-option`. */
function countOf(
  { name, fields }: EventDefinition,
  fixedBytes: number | undefined,
  words: Int32Array,
  count: number | undefined,
): number {
  const refuse = (why: string) => new TraceError("bad-option", `writeMany: ${why}: event=${name}`);
  if (fixedBytes === undefined) throw refuse("its records vary in size");
  if (fields.some(({ type }) => type.kind === "label")) {
    throw refuse("it has a label, whose number only a call of its own finds");
  }
  if (!isInt32Array(words)) throw refuse("words is no Int32Array");
  const length = lengthOf(words);
  const each = fixedBytes / 4;
  const records = count ?? (each === 0 ? 0 : length / each);
  if (Number.isInteger(records) && records >= 0 && records * each <= length) return records;
  throw refuse(`words.length=${length} is not ${count ?? "some"} records of ${each} words`);
}
