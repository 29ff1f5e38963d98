// Why the last call of this instance failed. A Wasm global belongs to one instance, hence to one
// thread: like errno, it cannot be overwritten by another thread between the call and the look.

import { HYPERCALL_AT } from "./public/layout";
import { TBC_LIMIT_AT } from "./public/ops";

let last: u32 = 0;

/** Remembers the reason and returns the seed's 1, "failure". */
export function fail(reason: u32): u32 {
  last = reason;
  return 1;
}

/** As `fail`, with the limit that the refused value was measured against (dom0's ops only). */
export function failLimit(reason: u32, limit: u32): u32 {
  store<u32>(HYPERCALL_AT, limit, TBC_LIMIT_AT);
  return fail(reason);
}

/** Reason of the last failure of this instance: a REASON_ value. */
export function reason(): u32 {
  return last;
}
