// What the rows sustained-* have in common, with tbuf and with LTTng-UST.

export const MS = 5000;
export const MS_QUICK = 300;
/** Generous: a consumer that sleeps for a tenth of a second finds no full buffer. */
export const SUBBUF_BYTES = 1024 * 1024;
export const SUBBUF_COUNT = 64;
