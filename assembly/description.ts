// Where facility descriptions hang in the control page, and what is done with those of a thread that
// died between publishing one and giving it away.

import { load32 } from "./atomic";
import { frameEntry, mfnOf, setOwner } from "./page";
import {
  CONTROL_AT,
  CTL_FACILITIES_AT,
  FACILITIES_MAX,
  FRAME_OWNER_AT,
  OWNER_XEN,
} from "./public/layout";

export function descriptionSlot(index: u32): usize {
  return CONTROL_AT + CTL_FACILITIES_AT + index * 4;
}

/** What is published is the hypervisor's, whoever wrote it. */
export function adoptDescriptions(owner: u32): void {
  for (let index: u32 = 0; index < FACILITIES_MAX; index++) {
    const mfn = mfnOf(load32(descriptionSlot(index)));
    if (mfn && load32(frameEntry(mfn) + FRAME_OWNER_AT) == owner) setOwner(mfn, OWNER_XEN);
  }
}
