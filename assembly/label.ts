// Texts of labels: a run of frames for each CPU slot whose threads record any. Only the run is the
// hypervisor's matter. The thread's JavaScript writes texts to it (src/tracepoint/labels.ts), dom0's
// reads them there (src/host/label-texts.ts). docs/adr/0025-labels.md.

import { cpuAt, cpuIndex } from "./cpu";
import { addressOf, alloc, setOwner } from "./page";
import { CPU_LABELS_AT, NOBODY_AT, OWNER_CPU, OWNER_LABELS } from "./public/layout";

/**
 * The run for this CPU's texts: the one that the slot has, else a new one of 2^order frames.
 * @returns its address, 0 when memory is out or this instance is no CPU
 */
export function labels(order: u32): u32 {
  const block = cpuAt;
  if (block == NOBODY_AT) return 0;
  let at = load<u32>(block, CPU_LABELS_AT);
  if (at) return at;
  const mfn = alloc(order, OWNER_CPU + cpuIndex());
  if (!mfn) return 0;
  at = <u32>addressOf(mfn);
  // First named, then given away: who dies in between is found by adoptLabels in cpu.ts.
  store<u32>(block, at, CPU_LABELS_AT);
  setOwner(mfn, OWNER_LABELS);
  return at;
}
