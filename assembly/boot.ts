// Boot: lays the hypervisor out in a memory that is all zero. Done once, by one thread.

import { cas32, store32 } from "./atomic";
import { share } from "./page";
import {
  ABI_VERSION,
  CONTROL_AT,
  CPU_BLOCK_BYTES,
  CPUS_AT,
  CPUS_MAX,
  CTL_ABI_AT,
  CTL_CPUS_AT,
  CTL_FIRST_FRAME_AT,
  CTL_FRAME_TABLE_AT,
  CTL_FRAMES_AT,
  CTL_MAGIC_AT,
  CTL_NEXT_DOMAIN_AT,
  CTL_STATE_AT,
  FRAME_BYTES,
  FRAME_COUNT_AT,
  FRAME_ENTRY_SHIFT,
  FRAME_OWNED,
  FRAME_OWNER_AT,
  FRAME_RUN_AT,
  FRAME_SHIFT,
  FRAMES_MAX,
  HYPERCALL_AT,
  MAGIC,
  OWNER_XEN,
  STATE_READY,
} from "./public/layout";
import { REASON_CORRUPT, REASON_NO_CPU, REASON_NO_MEMORY } from "./public/ops";
import { fail } from "./reason";

function frameAlign(address: u32): u32 {
  return (address + FRAME_BYTES - 1) & ~(FRAME_BYTES - 1);
}

/**
 * Lays out a memory of `frames` frames for at most `cpus` CPUs.
 * @returns 0, or 1 with REASON_NO_CPU (no such number), REASON_NO_MEMORY (too few or too many
 * frames), or REASON_CORRUPT (the memory was booted before)
 */
export function boot(frames: u32, cpus: u32): u32 {
  if (cpus == 0 || cpus > CPUS_MAX) return fail(REASON_NO_CPU);
  const table = frameAlign(CPUS_AT + cpus * CPU_BLOCK_BYTES);
  const first = frameAlign(table + (frames << FRAME_ENTRY_SHIFT)) >> FRAME_SHIFT;
  if (frames > FRAMES_MAX || first >= frames) return fail(REASON_NO_MEMORY);
  // Pairs with itself in another thread: one of the two boots.
  if (!cas32(CONTROL_AT + CTL_STATE_AT, 0, 1)) return fail(REASON_CORRUPT);
  store<u32>(CONTROL_AT, MAGIC, CTL_MAGIC_AT);
  store<u32>(CONTROL_AT, ABI_VERSION, CTL_ABI_AT);
  store<u32>(CONTROL_AT, frames, CTL_FRAMES_AT);
  store<u32>(CONTROL_AT, cpus, CTL_CPUS_AT);
  store<u32>(CONTROL_AT, table, CTL_FRAME_TABLE_AT);
  store<u32>(CONTROL_AT, first, CTL_FIRST_FRAME_AT);
  store<u32>(CONTROL_AT, 1, CTL_NEXT_DOMAIN_AT);
  for (let mfn: u32 = 0; mfn < first; mfn++) {
    const entry = table + (mfn << FRAME_ENTRY_SHIFT);
    store<u32>(entry, OWNER_XEN, FRAME_OWNER_AT);
    store<u32>(entry, 1, FRAME_RUN_AT);
    store<u32>(entry, FRAME_OWNED, FRAME_COUNT_AT);
  }
  share(CONTROL_AT >> FRAME_SHIFT, true);
  share(HYPERCALL_AT >> FRAME_SHIFT, true);
  // Pairs with the load in src/memory/control-page.ts: who sees READY sees all of the above.
  store32(CONTROL_AT + CTL_STATE_AT, STATE_READY);
  return 0;
}
