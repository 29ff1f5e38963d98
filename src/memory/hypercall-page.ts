// The hypercall page: arguments of dom0's calls, and their results. Only dom0's thread may write to it.

import { HYPERCALL_AT } from "../../assembly/public/layout.js";
import {
  TBC_ACTIVE_AT,
  TBC_CONSUMED_AT,
  TBC_CPU_AT,
  TBC_DATA_MFN_AT,
  TBC_DISCARDED_BIG_AT,
  TBC_DISCARDED_FULL_AT,
  TBC_LIMIT_AT,
  TBC_MFN_AT,
  TBC_OFFSET_AT,
  TBC_OLD_AT,
  TBC_OVERWRITTEN_AT,
  TBC_RECORDS_AT,
  TBC_RING_MFN_AT,
  TBC_RING_RECORDS_AT,
  TBC_TAKEN_AT,
  TBC_TRACE_AT,
  TBC_UNTIL_AT,
} from "../../assembly/public/ops.js";
import type { MemoryViews } from "./views.js";

/** Address of the image of a trace frame: see trace-table.ts. */
export const IMAGE_AT = HYPERCALL_AT + TBC_TRACE_AT;

/**
 * get_info of one CPU's buffer: positions in bytes since the trace's start, counts of records. All are
 * exact up to 2^53; a buffer whose positions are beyond that (9 PB) is not read any more.
 */
export interface CpuInfo {
  readonly cpu: number;
  /** Frame numbers of the buffer's control block and of its data. */
  readonly ringMfn: number;
  readonly dataMfn: number;
  readonly offset: number;
  readonly consumed: number;
  /** Published so far, read by dom0 so far, and what is lost, by cause. */
  readonly records: number;
  readonly taken: number;
  readonly discardedFull: number;
  readonly discardedBig: number;
  readonly overwritten: number;
}

/** Names the CPU that a call is about. */
export function writeCpu({ data }: MemoryViews, cpu: number): void {
  data.setUint32(HYPERCALL_AT + TBC_CPU_AT, cpu, true);
}

/** Arguments of consume, beside the CPU: positions, of which -1 is none, and the records between them. */
export function writeConsume(
  { data }: MemoryViews,
  old: number,
  until: number,
  records: number,
): void {
  data.setBigUint64(HYPERCALL_AT + TBC_OLD_AT, BigInt(old), true);
  data.setBigUint64(HYPERCALL_AT + TBC_UNTIL_AT, BigInt(until), true);
  data.setUint32(HYPERCALL_AT + TBC_RECORDS_AT, records, true);
}

function word({ data }: MemoryViews, at: number): number {
  return data.getUint32(HYPERCALL_AT + at, true);
}

/** What a refused number was measured against. */
export function readLimit(views: MemoryViews): number {
  return word(views, TBC_LIMIT_AT);
}

/** get_info of a trace, beside its image: its frame, and how many traces are active. */
export function readTraceResults(views: MemoryViews) {
  return { mfn: word(views, TBC_MFN_AT), activeTraces: word(views, TBC_ACTIVE_AT) };
}

/** get_info of a CPU; undefined: it has no buffer. */
export function readCpuResults(views: MemoryViews, cpu: number): CpuInfo | undefined {
  const long = (at: number) => Number(views.data.getBigUint64(HYPERCALL_AT + at, true));
  const ringMfn = word(views, TBC_RING_MFN_AT);
  if (ringMfn === 0) return undefined;
  return {
    cpu,
    ringMfn,
    dataMfn: word(views, TBC_DATA_MFN_AT),
    offset: long(TBC_OFFSET_AT),
    consumed: long(TBC_CONSUMED_AT),
    records: long(TBC_RING_RECORDS_AT),
    taken: long(TBC_TAKEN_AT),
    discardedFull: long(TBC_DISCARDED_FULL_AT),
    discardedBig: long(TBC_DISCARDED_BIG_AT),
    overwritten: long(TBC_OVERWRITTEN_AT),
  };
}
