// What assembly/evtchn.ts, raise, does, in JavaScript: tells dom0 of a VIRQ. Any thread.

import {
  MASK_WORD,
  PENDING_WORD,
  UPCALL_WORD,
  virqWord,
  WAITING_WORD,
} from "../memory/control-page.js";

/** Raises a VIRQ. The caller has already published what it announces (I11). */
export function raise(words: Int32Array, virq: number): void {
  // Pairs with bind and unbind in assembly/evtchn.ts.
  const port = Atomics.load(words, virqWord(virq));
  if (port === 0) return;
  const bit = 1 << (port - 1);
  // Pairs with take in assembly/evtchn.ts: a raise is coalesced while dom0 has not taken the last.
  if ((Atomics.or(words, PENDING_WORD, bit) & bit) !== 0) return;
  // Pairs with unmask in assembly/evtchn.ts, which clears the bit before it looks at `pending`.
  if ((Atomics.load(words, MASK_WORD) & bit) === 0) upcall(words);
}

function upcall(words: Int32Array): void {
  // Pairs with dom0 in src/host/evtchn.ts, which stores `waiting` and then waits while the upcall
  // word is 0: one of the two sees the other, so no wake-up is lost (I11).
  Atomics.store(words, UPCALL_WORD, 1);
  if (Atomics.load(words, WAITING_WORD) !== 0) Atomics.notify(words, UPCALL_WORD);
}
