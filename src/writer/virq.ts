// What assembly/evtchn.ts, raise, does, in JavaScript: tells dom0 of a VIRQ. Any thread.

import {
  CTL_MASK_AT,
  CTL_PENDING_AT,
  CTL_UPCALL_AT,
  CTL_VIRQ_PORT_AT,
  CTL_WAITING_AT,
} from "../../assembly/public/layout.js";
import { controlWord } from "../memory/views.js";

const PENDING = controlWord(CTL_PENDING_AT);
const MASK = controlWord(CTL_MASK_AT);
const UPCALL = controlWord(CTL_UPCALL_AT);
const WAITING = controlWord(CTL_WAITING_AT);

/** Raises a VIRQ. The caller has already published what it announces (I11). */
export function raise(words: Int32Array, virq: number): void {
  // Pairs with bind and unbind in assembly/evtchn.ts.
  const port = Atomics.load(words, controlWord(CTL_VIRQ_PORT_AT + virq * 4));
  if (port === 0) return;
  const bit = 1 << (port - 1);
  // Pairs with take in assembly/evtchn.ts: a raise is coalesced while dom0 has not taken the last.
  if ((Atomics.or(words, PENDING, bit) & bit) !== 0) return;
  // Pairs with unmask in assembly/evtchn.ts, which clears the bit before it looks at `pending`.
  if ((Atomics.load(words, MASK) & bit) === 0) upcall(words);
}

function upcall(words: Int32Array): void {
  // Pairs with dom0 in src/host/evtchn.ts, which stores `waiting` and then waits while the upcall
  // word is 0: one of the two sees the other, so no wake-up is lost (I11).
  Atomics.store(words, UPCALL, 1);
  if (Atomics.load(words, WAITING) !== 0) Atomics.notify(words, UPCALL);
}
