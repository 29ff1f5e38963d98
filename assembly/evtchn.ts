// Event channels: pending and mask bits in the control page, a port a bound VIRQ, and one upcall
// word that dom0 waits on, as Xen has them. A raise is coalesced while its port is pending. The ports
// above those of the VIRQs can be allocated: any thread may notify dom0 by one.

import { and32, load32, notifyAll, or32, store32 } from "./atomic";
import {
  CONTROL_AT,
  CTL_EVTCHNS_AT,
  CTL_MASK_AT,
  CTL_PENDING_AT,
  CTL_UPCALL_AT,
  CTL_VIRQ_PORT_AT,
  CTL_WAITING_AT,
  VIRQS_MAX,
} from "./public/layout";
import { PORTS_MAX, REASON_PORT, REASON_PORTS_FULL, REASON_VIRQ } from "./public/ops";
import { fail } from "./reason";

const PENDING: usize = CONTROL_AT + CTL_PENDING_AT;
const MASK: usize = CONTROL_AT + CTL_MASK_AT;
const UPCALL: usize = CONTROL_AT + CTL_UPCALL_AT;
const WAITING: usize = CONTROL_AT + CTL_WAITING_AT;
const EVTCHNS: usize = CONTROL_AT + CTL_EVTCHNS_AT;

function portWord(virq: u32): usize {
  return CONTROL_AT + CTL_VIRQ_PORT_AT + virq * 4;
}

/** Tells dom0 that a port is pending, and wakes it only if it waits: a notify takes a lock. */
function upcall(): void {
  // Pairs with dom0 in src/host/evtchn.ts, which stores `waiting` and then waits while the upcall
  // word is 0: one of the two sees the other, so no wake-up is lost (I11).
  store32(UPCALL, 1);
  if (load32(WAITING)) notifyAll(UPCALL);
}

/** Raises a VIRQ. The caller has already published what it announces (I11). Any thread. */
export function raise(virq: u32): void {
  // Pairs with bind, unbind and resetChannels.
  const port = load32(portWord(virq));
  if (port) send(1 << (port - 1));
}

/** Makes a port pending. */
function send(bit: u32): void {
  // Pairs with take: if it finds the bit set, take has not cleared it yet and will return it.
  if (or32(PENDING, bit) & bit) return;
  // Pairs with mask, which clears the bit before it looks at `pending`.
  if (!(load32(MASK) & bit)) upcall();
}

/**
 * Notifies dom0 by a port that it has allocated. The caller has already published what it tells (I11).
 * Any thread. @returns 0, or 1 with REASON_PORT when nobody has allocated the port.
 */
export function notify(port: u32): u32 {
  const bit = evtchn(port);
  if (!bit) return fail(REASON_PORT);
  send(bit);
  return 0;
}

/** Bit of a port that is allocated, 0 for any other number. */
function evtchn(port: u32): u32 {
  // Pairs with alloc and close.
  return port < PORTS_MAX ? load32(EVTCHNS) & (1 << port) : 0;
}

/**
 * Allocates a port, masked: what is notified before dom0 has a handler for it is kept until it unmasks.
 * @returns the port, or -1 with REASON_PORTS_FULL.
 */
export function alloc(): i32 {
  // dom0 alone stores it.
  const free = ~load32(EVTCHNS) >> VIRQS_MAX;
  if (!free) {
    fail(REASON_PORTS_FULL);
    return -1;
  }
  const port = ctz<u32>(free) + VIRQS_MAX;
  const bit: u32 = 1 << port;
  forget(bit);
  or32(MASK, bit);
  // Pairs with the load in evtchn, called by notify: who sees the port finds it masked.
  or32(EVTCHNS, bit);
  return port;
}

/** Gives an allocated port back. @returns 0, or 1 with REASON_PORT when it is not allocated. */
export function close(port: u32): u32 {
  const bit = evtchn(port);
  if (!bit) return fail(REASON_PORT);
  // Pairs with the load in evtchn, called by notify.
  and32(EVTCHNS, ~bit);
  forget(bit);
  return 0;
}

/** Unbinds all VIRQs, closes all ports and marks that nobody waits. Called when a dom0 begins or ends. */
export function resetChannels(): void {
  // All pair with raise, notify and upcall, in any thread: what is raised from here on waits for the next
  // bind, and a port that is notified is refused until the next alloc.
  store32(EVTCHNS, 0);
  for (let virq: u32 = 0; virq < VIRQS_MAX; virq++) store32(portWord(virq), 0);
  store32(PENDING, 0);
  store32(MASK, 0);
  store32(WAITING, 0);
  store32(UPCALL, 0);
}

/**
 * Binds a VIRQ to a port of dom0: the port of its own number, as there are fewer VIRQs than ports.
 * @returns the port, or -1 with REASON_VIRQ.
 */
export function bind(virq: u32): i32 {
  if (virq >= VIRQS_MAX || load32(portWord(virq))) {
    fail(REASON_VIRQ);
    return -1;
  }
  // The store pairs with the load in raise: who sees the port finds it neither pending nor masked.
  forget(1 << virq);
  store32(portWord(virq), virq + 1);
  return virq;
}

/** Neither pending nor masked. */
function forget(bit: u32): void {
  // Both pair with raise.
  and32(PENDING, ~bit);
  and32(MASK, ~bit);
}

/** @returns 0, or 1 with REASON_VIRQ when it is not bound. */
export function unbind(virq: u32): u32 {
  if (virq >= VIRQS_MAX) return fail(REASON_VIRQ);
  // dom0 alone stores it. The store below pairs with the load in raise.
  const port = load32(portWord(virq));
  if (!port) return fail(REASON_VIRQ);
  store32(portWord(virq), 0);
  forget(1 << (port - 1));
  return 0;
}

/**
 * Masks a port: it still becomes pending, but dom0 is not called. Or unmasks it, and calls dom0 if it
 * became pending meanwhile. @returns 0, or 1 with REASON_PORT.
 */
export function mask(port: u32, masked: bool): u32 {
  if (port >= PORTS_MAX) return fail(REASON_PORT);
  const bit: u32 = 1 << port;
  // Pairs with raise, which sets `pending` before it looks at the mask: one of the two calls dom0.
  if (masked) or32(MASK, bit);
  else {
    and32(MASK, ~bit);
    if (load32(PENDING) & bit) upcall();
  }
  return 0;
}

/**
 * dom0 takes the unmasked pending ports and clears them, upcall word first: what is raised after
 * this is seen by the next take. @returns a bit a port.
 */
export function take(): u32 {
  // Pairs with raise and upcall, which set `pending` and then the upcall word.
  store32(UPCALL, 0);
  const ready = load32(PENDING) & ~load32(MASK);
  return ready ? and32(PENDING, ~ready) & ready : 0;
}
