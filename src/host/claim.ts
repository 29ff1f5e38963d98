// Becoming dom0, and ceasing to be. Both walk the hypervisor's tables: where those were overwritten, the
// claim is given up all the same, or no thread could be dom0 any more.

import { badOption, hypercallError } from "../errors.js";
import { DOM0_WORD } from "../memory/control-page.js";
import type { MemoryViews } from "../memory/views.js";
import type { Hypercalls } from "./hypercalls.js";

/** Highest number of a thread: the hypervisor notes it plus 1, in 32 bits. */
const TID_MAX = 0xfffffffe;

/**
 * Makes thread `tid` dom0. Throws TraceError `dom0-taken`, `bad-option`, or `corrupt`.
 * @returns what ends that, which may throw TraceError `corrupt`
 */
export function claimDom0(core: Hypercalls, { words }: MemoryViews, tid: number): () => void {
  if (!Number.isInteger(tid) || tid < 0 || tid > TID_MAX) {
    throw badOption("dom0", "tid", `an integer from 0 to ${TID_MAX}`, tid);
  }
  const orGiveUp = <T>(call: () => T): T => {
    try {
      return call();
    } catch (error) {
      Atomics.compareExchange(words, DOM0_WORD, (tid + 1) | 0, 0);
      throw error;
    }
  };
  if (orGiveUp(() => core.claimDom0(tid))) {
    throw hypercallError("dom0", core.reason(), { tid });
  }
  return () => orGiveUp(() => core.resignDom0());
}
