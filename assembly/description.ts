// Where facility descriptions hang in the control page, and what is done with those of a thread that
// died between publishing one and giving it away.

import { load32 } from "./atomic";
import { mfnOf, ownerOf, setOwner } from "./page";
import { CONTROL_AT, CTL_FACILITIES_AT, FACILITIES_MAX, OWNER_XEN } from "./public/layout";

export function descriptionSlot(index: u32): usize {
  return CONTROL_AT + CTL_FACILITIES_AT + index * 4;
}

/** What is published is the hypervisor's, whoever wrote it. A run's first frame says whose it still is. */
export function adoptDescriptions(owner: u32): void {
  for (let index: u32 = 0; index < FACILITIES_MAX; index++) {
    // Pairs with the CAS in facility.
    const mfn = mfnOf(load32(descriptionSlot(index)));
    if (mfn && ownerOf(mfn) == owner) setOwner(mfn, OWNER_XEN);
  }
}
