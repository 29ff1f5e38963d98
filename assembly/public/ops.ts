// Portable: shared by the hypervisor and the host. Imports nothing; constants only (see layout.ts).

// tb_control operations ---------------------------------------------------------------------
// Each returns 0 for success and 1 for failure, as the seed has it; `reason()` tells why.

export const OP_GET_INFO: u32 = 0;
export const OP_CREATE: u32 = 1;
export const OP_DESTROY: u32 = 2;
export const OP_START: u32 = 3;
export const OP_STOP: u32 = 4;
export const OP_CONSUME: u32 = 5;

// Hypercall page ------------------------------------------------------------------------------
//
//    0  limit  cpu                    out: what a refused number was measured against; in: a CPU
//    8  old u64  until u64  records   in, consume (until 0: the end of the sub-buffer)
//   28  nb_active                     out, get_info
//   32  mfn  ring_mfn  data_mfn       out, get_info; ring_mfn 0: the CPU has no ring
//   48  offset u64  consumed u64  ring_records u64  discarded_full u64  discarded_big u64
//   88  overwritten u64  taken u64    out, get_info of a CPU
//  128  image of a trace frame        in, every op: its name; in, create: all of it but state,
//                                     index, order and directory; out, get_info: a fresh copy

/** get_info: no CPU is asked for. */
export const NO_CPU: u32 = 0x7fffffff;

export const TBC_LIMIT_AT: u32 = 0;
export const TBC_CPU_AT: u32 = TBC_LIMIT_AT + 4;
export const TBC_OLD_AT: u32 = (TBC_CPU_AT + 4 + 7) & ~7;
export const TBC_UNTIL_AT: u32 = TBC_OLD_AT + 8;
export const TBC_RECORDS_AT: u32 = TBC_UNTIL_AT + 8;
export const TBC_ACTIVE_AT: u32 = TBC_RECORDS_AT + 4;
export const TBC_MFN_AT: u32 = TBC_ACTIVE_AT + 4;
export const TBC_RING_MFN_AT: u32 = TBC_MFN_AT + 4;
export const TBC_DATA_MFN_AT: u32 = TBC_RING_MFN_AT + 4;
export const TBC_OFFSET_AT: u32 = (TBC_DATA_MFN_AT + 4 + 7) & ~7;
export const TBC_CONSUMED_AT: u32 = TBC_OFFSET_AT + 8;
export const TBC_RING_RECORDS_AT: u32 = TBC_CONSUMED_AT + 8;
export const TBC_DISCARDED_FULL_AT: u32 = TBC_RING_RECORDS_AT + 8;
export const TBC_DISCARDED_BIG_AT: u32 = TBC_DISCARDED_FULL_AT + 8;
export const TBC_OVERWRITTEN_AT: u32 = TBC_DISCARDED_BIG_AT + 8;
export const TBC_TAKEN_AT: u32 = TBC_OVERWRITTEN_AT + 8;
export const TBC_TRACE_AT: u32 = (TBC_TAKEN_AT + 8 + 63) & ~63;

// Reasons -------------------------------------------------------------------------------------

export const REASON_NOT_DOM0: u32 = 1;
export const REASON_UNKNOWN_OP: u32 = 2;
export const REASON_NAME_BAD: u32 = 3;
export const REASON_NAME_IN_USE: u32 = 4;
export const REASON_NAME_UNKNOWN: u32 = 5;
export const REASON_SUBBUF_BYTES: u32 = 6;
export const REASON_SUBBUF_COUNT: u32 = 7;
export const REASON_MODE: u32 = 8;
export const REASON_PATTERN: u32 = 9;
export const REASON_TRACES_FULL: u32 = 10;
export const REASON_NO_MEMORY: u32 = 11;
export const REASON_NO_CPU: u32 = 12;
export const REASON_CPU_UNKNOWN: u32 = 13;
/** consume: the writer moved `consumed` first; throw the copy away. */
export const REASON_PUSHED: u32 = 14;
/** consume: `old` is not where the reader stands, and the writer did not push it. */
export const REASON_NOT_CONSUMED: u32 = 15;
/** consume: `until` is not in the sub-buffer of `old`, not aligned, or beyond `offset`. */
export const REASON_UNTIL: u32 = 16;
/** map: the frame is not shared with dom0, or not the start of a run. */
export const REASON_NOT_SHARED: u32 = 17;
export const REASON_NOT_MAPPED: u32 = 18;
export const REASON_VIRQ: u32 = 19;
export const REASON_PORT: u32 = 20;
export const REASON_DOM0_TAKEN: u32 = 21;
export const REASON_FACILITIES_FULL: u32 = 22;
export const REASON_EVENTS_FULL: u32 = 23;
/** facility: the name is registered with another definition. */
export const REASON_FACILITY_DIFFERS: u32 = 24;
export const REASON_FACILITY_BYTES: u32 = 25;
export const REASON_NOT_JOINED: u32 = 26;
export const REASON_CORRUPT: u32 = 27;
export const REASON_JOINED: u32 = 28;
/** The number of a thread is above TID_MAX. */
export const REASON_TID: u32 = 29;
/** It cannot be noted who started the thread: FAMILY_MAX are noted whose descendants are CPUs. */
export const REASON_THREADS_FULL: u32 = 30;
/** All ports that can be allocated are in use. */
export const REASON_PORTS_FULL: u32 = 31;

// Virtual interrupts: numbers as in Xen's include/public/xen.h --------------------------------

/** Exceptional event for some domain: a CPU joined, left or died, or a facility came. */
export const VIRQ_DOM_EXC: u32 = 3;
/** Trace buffer has records available. */
export const VIRQ_TBUF: u32 = 4;
export const PORTS_MAX: u32 = 32;
