// Facilities: the table of event descriptions that all threads share. A thread that dies leaves its
// facilities behind, so dom0 can describe every record that it finds.

import { cas32, load32 } from "./atomic";
import { sameBytes } from "./bytes";
import { cpuIndex, scratchAt } from "./cpu";
import { descriptionSlot } from "./description";
import { raise } from "./evtchn";
import { addressOf, alloc, isPublished, mfnOf, orderOf, put, setOwner, share } from "./page";
import {
  EVENTS_MAX,
  FACILITIES_MAX,
  FACILITY_BYTES_AT,
  FACILITY_EVENTS_AT,
  FACILITY_FIRST_AT,
  FACILITY_NAME_BYTES_AT,
  FACILITY_TEXT_AT,
  OWNER_CPU,
  OWNER_XEN,
  SCRATCH_BYTES,
} from "./public/layout";
import {
  REASON_EVENTS_FULL,
  REASON_FACILITIES_FULL,
  REASON_FACILITY_BYTES,
  REASON_FACILITY_DIFFERS,
  REASON_NO_MEMORY,
  REASON_NOT_JOINED,
  VIRQ_DOM_EXC,
} from "./public/ops";
import { fail } from "./reason";

function refuse(reason: u32): i32 {
  fail(reason);
  return -1;
}

/**
 * Registers the facility whose name and definition lie in this CPU's scratch area, one behind the
 * other, or finds it: all threads that define it alike get the same events.
 * @param nameBytes bytes of the name; `bytes` of name and definition together; `events` in it
 * @returns the id of its first event, or -1 and a reason
 */
export function facility(nameBytes: u32, bytes: u32, events: u32): i32 {
  const text = scratchAt();
  if (!text) return refuse(REASON_NOT_JOINED);
  if (nameBytes == 0 || nameBytes > bytes || bytes > SCRATCH_BYTES) {
    return refuse(REASON_FACILITY_BYTES);
  }
  let first: u32 = 0;
  let mine: u32 = 0;
  for (let i: u32 = 0; i < FACILITIES_MAX; i++) {
    const slot = descriptionSlot(i);
    // Pairs with the CAS below, in other threads.
    let other = load32(slot);
    if (!other) {
      if (events > EVENTS_MAX - first) return giveUp(mine, REASON_EVENTS_FULL);
      if (!mine) mine = describe(text, nameBytes, bytes, events);
      if (!mine) return refuse(REASON_NO_MEMORY);
      store<u32>(addressOf(mine), first, FACILITY_FIRST_AT);
      // Pairs with the loads above and below, in other threads, and in
      // src/memory/facility-descriptions.ts.
      if (cas32(slot, 0, <u32>addressOf(mine))) {
        setOwner(mine, OWNER_XEN);
        raise(VIRQ_DOM_EXC);
        return first;
      }
      other = load32(slot);
    }
    if (
      load<u32>(other, FACILITY_NAME_BYTES_AT) == nameBytes &&
      sameBytes(other + FACILITY_TEXT_AT, text, nameBytes)
    ) {
      if (mine) put(mine, OWNER_CPU + cpuIndex());
      const same =
        load<u32>(other, FACILITY_BYTES_AT) == bytes &&
        load<u32>(other, FACILITY_EVENTS_AT) == events &&
        sameBytes(other + FACILITY_TEXT_AT, text, bytes);
      // Whoever published it may be dead, and dom0 is to know it before this thread records.
      if (!isPublished(mfnOf(other))) setOwner(mfnOf(other), OWNER_XEN);
      return same ? load<u32>(other, FACILITY_FIRST_AT) : refuse(REASON_FACILITY_DIFFERS);
    }
    first = load<u32>(other, FACILITY_FIRST_AT) + load<u32>(other, FACILITY_EVENTS_AT);
  }
  return giveUp(mine, REASON_FACILITIES_FULL);
}

function giveUp(mine: u32, reason: u32): i32 {
  if (mine) put(mine, OWNER_CPU + cpuIndex());
  return refuse(reason);
}

/** A description of its own in fresh frames. @returns their mfn, 0 when memory is out. */
function describe(text: usize, nameBytes: u32, bytes: u32, events: u32): u32 {
  const mfn = alloc(orderOf(FACILITY_TEXT_AT + bytes), OWNER_CPU + cpuIndex());
  if (!mfn) return 0;
  const at = addressOf(mfn);
  store<u32>(at, bytes, FACILITY_BYTES_AT);
  store<u32>(at, nameBytes, FACILITY_NAME_BYTES_AT);
  store<u32>(at, events, FACILITY_EVENTS_AT);
  memory.copy(at + FACILITY_TEXT_AT, text, bytes);
  share(mfn, true);
  return mfn;
}
