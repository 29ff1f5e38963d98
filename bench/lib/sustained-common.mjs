// What the rows sustained-* have in common, with tbuf and with LTTng-UST.

const NS_PER_MS = 1e6;

export const MS = 5000;
export const MS_QUICK = 300;
/** Generous: a consumer that sleeps for a tenth of a second finds no full buffer. */
export const SUBBUF_BYTES = 1024 * 1024;
export const SUBBUF_COUNT = 64;

/** CPU time in milliseconds, as nanoseconds a record: it tells of a busy machine what the rate cannot. */
export function cpuNote({ writers, consumer }, records) {
  const ns = (ms) => ((ms * NS_PER_MS) / records).toFixed(1);
  return `CPU ns/record: ${ns(writers)} writing, ${ns(consumer)} consuming`;
}
