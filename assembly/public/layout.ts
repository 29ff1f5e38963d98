// Portable: shared by the hypervisor and the host. Imports nothing; every constant is a `u32`
// below 2^31, computed while compiling. Field positions end in `_AT`: in this code "offset" means
// the write position of a CPU buffer and nothing else.
//
// A field lies where the one before it ends: that one's position, plus its bytes. So no two overlap.
// `& ~7` rounds up to a whole u64, as its atomics ask; `& ~63` to the next cache line, `& ~255` to leave
// room. What cannot be said like that, assembly/layout-check.ts checks.

// Magic and version -------------------------------------------------------------------------

/** First word of the control page: "tbuf" in little-endian ASCII. */
export const MAGIC: u32 = 0x66756274;

/**
 * Version of this layout and of the exports. Raise it whenever a constant of this folder changes,
 * or an export changes its parameters or meaning: a thread must never join memory that it reads
 * differently. (Adding an export or appending a field to padding needs no new version.)
 */
export const ABI_VERSION: u32 = 5;

// Limits ------------------------------------------------------------------------------------

export const CPUS_MAX: u32 = 256;
/** Bit 31 of an enabled word is the attention bit, so 31 traces are left. */
export const TRACES_MAX: u32 = 31;
export const EVENTS_MAX: u32 = 4096;
export const FACILITIES_MAX: u32 = 64;
/** Virtual interrupts: numbers as in Xen's include/public/xen.h, some of them in ops.ts. */
export const VIRQS_MAX: u32 = 24;
/** Most threads of which it is noted who started them. */
export const FAMILY_MAX: u32 = 384;

// Memory map --------------------------------------------------------------------------------
//
//   frame 0          never used: mfn 0 means "none". Holds NOBODY, the CPU that is no CPU
//   frame 1          control page
//   frame 2          hypercall page: arguments and results of tb_control
//   frames 3 to 6    enabled table: one word an event
//   frames 7 ...     CPU table: one CPU block a slot
//   then             frame table: one entry a frame
//   then             frames that can be allocated

export const FRAME_SHIFT: u32 = 12;
export const FRAME_BYTES: u32 = 4096;
/** Most frames one hypervisor can have: 2 GiB, so that every address stays below 2^31. */
export const FRAMES_MAX: u32 = 524287;

export const CONTROL_AT: u32 = FRAME_BYTES;
export const HYPERCALL_AT: u32 = CONTROL_AT + FRAME_BYTES;
export const ENABLED_AT: u32 = HYPERCALL_AT + FRAME_BYTES;
export const CPUS_AT: u32 = ENABLED_AT + EVENTS_MAX * 4;

// Control page ------------------------------------------------------------------------------
//
//   0  magic  abi_version  frames  cpus            written once, by boot
//  16  frame_table  first_frame  state  dom0       dom0: tid + 1, 0 when nobody is dom0
//  32  nb_active_traces  epoch  next_domain  dom0s CPUs wait on epoch for dom0's requests;
//                                                  dom0s: how many there have been
//  48  coarse u64  coarse_step  tickers            nanoseconds since boot, kept fresh by a ticker; the
//                                                  longest step it has made, in nanoseconds
//  64  upcall_pending  evtchn_pending  evtchn_mask  waiting     own line: writers raise VIRQs here
//  80  evtchns                                     bit a port of an event channel that dom0 has allocated
// 128  virq_port[24]                               port + 1 a VIRQ, 0 when not bound
// 256  trace_frame[31]                             address of a trace's control frame, 0 when free
// 384  facility_frame[64]                          address of a facility's description, 0 when free
// 640  dying_frame[31]                             of destroyed traces in quarantine, 0 for none
// 768  asker  question  answer  error  time f64    a thread calibrates its clock against dom0's: tid + 1
//                                                  of the thread, number of the question, of the
//                                                  answer; dom0's error (ns), its time (ms since boot)
// 1024  child  starter                             FAMILY_MAX times, one u64 that moves by CAS: which
//                                                  thread started which, tids + 1; 0 for a free place

export const CTL_MAGIC_AT: u32 = 0;
export const CTL_ABI_AT: u32 = CTL_MAGIC_AT + 4;
export const CTL_FRAMES_AT: u32 = CTL_ABI_AT + 4;
export const CTL_CPUS_AT: u32 = CTL_FRAMES_AT + 4;
export const CTL_FRAME_TABLE_AT: u32 = CTL_CPUS_AT + 4;
export const CTL_FIRST_FRAME_AT: u32 = CTL_FRAME_TABLE_AT + 4;
/** 0 before boot, 1 while one thread boots, 2 when ready. */
export const CTL_STATE_AT: u32 = CTL_FIRST_FRAME_AT + 4;
export const CTL_DOM0_AT: u32 = CTL_STATE_AT + 4;
export const CTL_ACTIVE_AT: u32 = CTL_DOM0_AT + 4;
export const CTL_EPOCH_AT: u32 = CTL_ACTIVE_AT + 4;
export const CTL_NEXT_DOMAIN_AT: u32 = CTL_EPOCH_AT + 4;
/** How often a thread has become dom0: the first one finds nothing to put right. */
export const CTL_DOM0S_AT: u32 = CTL_NEXT_DOMAIN_AT + 4;
export const CTL_COARSE_AT: u32 = (CTL_DOM0S_AT + 4 + 7) & ~7;
export const CTL_COARSE_STEP_AT: u32 = CTL_COARSE_AT + 8;
/** Tickers that run now. */
export const CTL_TICKERS_AT: u32 = CTL_COARSE_STEP_AT + 4;
export const CTL_UPCALL_AT: u32 = (CTL_TICKERS_AT + 4 + 63) & ~63;
export const CTL_PENDING_AT: u32 = CTL_UPCALL_AT + 4;
export const CTL_MASK_AT: u32 = CTL_PENDING_AT + 4;
export const CTL_WAITING_AT: u32 = CTL_MASK_AT + 4;
export const CTL_EVTCHNS_AT: u32 = CTL_WAITING_AT + 4;
export const CTL_VIRQ_PORT_AT: u32 = (CTL_EVTCHNS_AT + 4 + 63) & ~63;
export const CTL_TRACES_AT: u32 = (CTL_VIRQ_PORT_AT + VIRQS_MAX * 4 + 63) & ~63;
export const CTL_FACILITIES_AT: u32 = (CTL_TRACES_AT + TRACES_MAX * 4 + 63) & ~63;
export const CTL_DYING_AT: u32 = CTL_FACILITIES_AT + FACILITIES_MAX * 4;
export const CTL_ASKER_AT: u32 = (CTL_DYING_AT + TRACES_MAX * 4 + 63) & ~63;
export const CTL_QUESTION_AT: u32 = CTL_ASKER_AT + 4;
export const CTL_ANSWER_AT: u32 = CTL_QUESTION_AT + 4;
export const CTL_ANSWER_ERROR_AT: u32 = CTL_ANSWER_AT + 4;
export const CTL_ANSWER_TIME_AT: u32 = (CTL_ANSWER_ERROR_AT + 4 + 7) & ~7;
export const CTL_FAMILY_AT: u32 = (CTL_ANSWER_TIME_AT + 8 + 255) & ~255;

/** Largest number of a thread: stored + 1, it is the same number signed or not. */
export const TID_MAX: u32 = 0x7ffffffe;

export const STATE_READY: u32 = 2;

// Enabled table -----------------------------------------------------------------------------
//
// Word e: bit t is set when trace t is active and its event set holds event e. A tracepoint is
// disabled when its word is 0. Bit 31 is raised on every word while dom0 waits for quiescence:
// it leads every record call, enabled or not, to a quiescent point.

export const ENABLED_ATTENTION_BIT: u32 = 31;

// Frame table entry -------------------------------------------------------------------------
//
//   0  owner        0 free, else an OWNER_ value. CAS by any thread: the only lock-free truth
//   4  run          in the first frame of a run: order + 1; 0 in the others
//   8  count        references (first frame of a run): FRAME_OWNED, and 1 for each mapping
//  12  share        generation << 1 | 1 when shared with dom0; the generation grows at each free

export const FRAME_ENTRY_BYTES: u32 = 16;
export const FRAME_ENTRY_SHIFT: u32 = 4;
export const FRAME_OWNER_AT: u32 = 0;
export const FRAME_RUN_AT: u32 = FRAME_OWNER_AT + 4;
export const FRAME_COUNT_AT: u32 = FRAME_RUN_AT + 4;
export const FRAME_SHARE_AT: u32 = FRAME_COUNT_AT + 4;

/** The owner's reference: the bit above the number of mappings. */
export const FRAME_OWNED: u32 = 0x40000000;

/** The hypervisor itself: boot's pages, facility descriptions. */
export const OWNER_XEN: u32 = 1;
/** Texts of labels: the runs that the CPU blocks name. They stay with their slots. */
export const OWNER_LABELS: u32 = 2;
/** OWNER_TRACE + trace: a trace's control frame and buffers. */
export const OWNER_TRACE: u32 = 256;
/** OWNER_CPU + cpu: what a CPU has allocated and not yet published; its scratch area. */
export const OWNER_CPU: u32 = 512;

// Record ------------------------------------------------------------------------------------
//
//   0  u64 = timestamp << 12 | event     low 52 bits of the nanoseconds since boot, 4096 events;
//                                        52 days: readers extend them (src/clock/record-time.ts)
//   8  payload in 32-bit words

export const RECORD_HEADER_BYTES: u32 = 8;
export const RECORD_EVENT_BITS: u32 = 12;
export const RECORD_EVENT_MASK: u32 = 4095;

// CPU block ---------------------------------------------------------------------------------
//
//   0  state  tid                       one u64 that moves by CAS: whoever has a state has a tid
//   8  domain  -                        the tid is stored + 1: 0 means none
//  16  scratch  -                       address of the scratch area, kept with the slot
//  24  ts_last u64                      owner only: time of the CPU's last record (I8)
//  32  clock  resolution  error         by the thread's host: CLOCK_ value, nanoseconds, nanoseconds
//  44  labels  labels_full              address of the slot's texts of labels, kept with the slot, 0 for
//                                       none; by the thread's host: label fields without a text so far
//  64  ack                              owner only: the last epoch it has passed a quiescent point in
//  72  record[36]                       owner only: a record for which its first ring had no room
// 128  ring[32]                         address of this CPU's ring a trace, 0 for none; [31] stays 0

export const CPU_BLOCK_BYTES: u32 = 256;
export const CPU_BLOCK_SHIFT: u32 = 8;
export const CPU_STATE_AT: u32 = 0;
export const CPU_TID_AT: u32 = CPU_STATE_AT + 4;
export const CPU_DOMAIN_AT: u32 = CPU_TID_AT + 4;
export const CPU_SCRATCH_AT: u32 = (CPU_DOMAIN_AT + 4 + 7) & ~7;
export const CPU_TS_AT: u32 = (CPU_SCRATCH_AT + 4 + 7) & ~7;
export const CPU_CLOCK_AT: u32 = CPU_TS_AT + 8;
export const CPU_RESOLUTION_AT: u32 = CPU_CLOCK_AT + 4;
export const CPU_ERROR_AT: u32 = CPU_RESOLUTION_AT + 4;
export const CPU_LABELS_AT: u32 = CPU_ERROR_AT + 4;
export const CPU_LABELS_FULL_AT: u32 = CPU_LABELS_AT + 4;
export const CPU_ACK_AT: u32 = (CPU_LABELS_FULL_AT + 4 + 63) & ~63;
export const CPU_RECORD_AT: u32 = (CPU_ACK_AT + 4 + 7) & ~7;
export const CPU_RINGS_AT: u32 = (CPU_RECORD_AT + RECORD_HEADER_BYTES + 7 * 4 + 63) & ~63;

/** CPU block of an instance that has not joined: it has no ring, so nothing can be written. */
export const NOBODY_AT: u32 = 0;

/** Where the times of a CPU come from: the runtime's clock, the coarse word, the program. */
export const CLOCK_PRECISE: u32 = 1;
export const CLOCK_COARSE: u32 = 2;
export const CLOCK_CALLER: u32 = 3;
/** An error that nobody knows, as neither the same clock nor a calibration bounds it. */
export const ERROR_UNKNOWN: u32 = 0x7fffffff;

// State of a CPU slot. It moves together with the tid, as one u64:
//
//            1              2             3              5
//   FREE 0 ----> JOINING 1 ----> ONLINE 2 ----> LEAVING 3 ----> FREE
//                  |  |             |               |
//                  |  | 4           |               |
//                  |  +----> FREE   |               |
//                  |                |               |
//                  +----------------+---------------+
//                                   | 6
//                                   v          7
//                       +------> REAPING 4 --------> FREE
//                       | 6         |
//                       +-----------+
//
//   1  claimSlot   CAS, by the thread that joins: the slot gets its tid
//   2  join        store, by the same thread
//   3  leave       CAS, by the same thread, which leaves the slot alone if 6 was first
//   4  release     store, by the same thread, when memory is out
//   5  release     store, by the same thread
//   6  reap        CAS, by any thread that has proof that the slot's tid is dead: it gets the reaper's
//   7  release     store, by the reaper

export const CPU_FREE: u32 = 0;
export const CPU_JOINING: u32 = 1;
export const CPU_ONLINE: u32 = 2;
export const CPU_LEAVING: u32 = 3;
/** Its thread is dead, and another is giving the slot back: nobody else may touch it. */
export const CPU_REAPING: u32 = 4;

/** Scratch area of a CPU: the largest payload of a record that does not go by record0..7. */
export const SCRATCH_BYTES: u32 = 16384;
export const SCRATCH_ORDER: u32 = 2;

// Trace frame -------------------------------------------------------------------------------
//
//    0  state  index  mode  subbuf_bytes
//   16  subbuf_count  order  name_bytes  pattern_bytes
//   32  name[64]                        UTF-8
//   96  cpu_set[32]                     bit c: CPU c is traced
//  128  event_set[512]                  bit e: event e is traced
//  640  directory[256]                  address of the ring frame a CPU, 0 for none
// 1664  pattern[1408]                   a selection's text: which events of facilities that come
//                                      later it shall enable too (src/event/selection.ts)
// 3072  epoch                           when dying: free its frames once every CPU has acked it

export const TRACE_NAME_MAX: u32 = 63;
export const TRACE_CPU_SET_BYTES: u32 = CPUS_MAX / 8;
export const TRACE_EVENT_SET_BYTES: u32 = EVENTS_MAX / 8;
export const TRACE_PATTERN_MAX: u32 = 1408;

export const TRACE_STATE_AT: u32 = 0;
export const TRACE_INDEX_AT: u32 = TRACE_STATE_AT + 4;
export const TRACE_MODE_AT: u32 = TRACE_INDEX_AT + 4;
export const TRACE_SUBBUF_BYTES_AT: u32 = TRACE_MODE_AT + 4;
export const TRACE_SUBBUF_COUNT_AT: u32 = TRACE_SUBBUF_BYTES_AT + 4;
export const TRACE_ORDER_AT: u32 = TRACE_SUBBUF_COUNT_AT + 4;
export const TRACE_NAME_BYTES_AT: u32 = TRACE_ORDER_AT + 4;
export const TRACE_PATTERN_BYTES_AT: u32 = TRACE_NAME_BYTES_AT + 4;
export const TRACE_NAME_AT: u32 = TRACE_PATTERN_BYTES_AT + 4;
export const TRACE_CPU_SET_AT: u32 = TRACE_NAME_AT + TRACE_NAME_MAX + 1;
export const TRACE_EVENT_SET_AT: u32 = TRACE_CPU_SET_AT + TRACE_CPU_SET_BYTES;
export const TRACE_DIRECTORY_AT: u32 = TRACE_EVENT_SET_AT + TRACE_EVENT_SET_BYTES;
export const TRACE_PATTERN_AT: u32 = TRACE_DIRECTORY_AT + CPUS_MAX * 4;
export const TRACE_EPOCH_AT: u32 = TRACE_PATTERN_AT + TRACE_PATTERN_MAX;
export const TRACE_BYTES: u32 = TRACE_EPOCH_AT + 4;

// State of a trace. dom0 alone moves it, by atomic stores, in trace.ts:
//
//            publishTrace            startTrace
//   new 0 -----------------> STOPPED 1 -----------> ACTIVE 2
//     |                        |    ^                 |
//     | publishTrace           |    +-----------------+
//     | without memory         |      stopTrace; destroyTrace begins with it
//     |                        | destroyTrace
//     |                        v
//     |                     DYING 3 ---+  destroyTrace again, by the next dom0 (recoverTraces),
//     |                        |  ^    |  if the last one died before the trace's slot was empty
//     |                        |  +----+
//     v                        | settle, once every CPU has acked the trace's epoch
//   frames free <--------------+
//
// "new" has no slot yet, and nobody else sees it. If dom0 dies there, the next one frees its frames
// (releaseLost).

export const TRACE_STOPPED: u32 = 1;
export const TRACE_ACTIVE: u32 = 2;
/** Destroyed; its frames are in quarantine until every CPU has passed a quiescent point. */
export const TRACE_DYING: u32 = 3;

export const MODE_DISCARD: u32 = 0;
export const MODE_OVERWRITE: u32 = 1;

// Ring frame: the control block of one (trace, CPU) -------------------------------------------
//
//   0  subbuf_mask  buffer_mask  data  mode             read-mostly, written at creation
//  16  subbuf_bytes  subbuf_count
//  64  offset u64                                       owner only; atomic store is the publication
//  72  tally u64 = records in this sub-buffer << 32 | low word of offset
//  80  discarded_full u64  discarded_big u64            owner only
//  96  batch                                            owner only: of the records that the tally is
//                                                       ahead of `offset`, all but one
// 128  consumed u64                                     own line: CAS by consume and by the push
// 192  taken u64  overwritten u64                       consume only: records read by dom0, and
//                                                      records that were pushed before it read them
// 256  sub-buffer entries, subbuf_count times
//
// Sub-buffer entry: written by the owner before `offset` passes into the next sub-buffer.
//   0  begin u64          position of its first byte, this turn
//   8  records u64        records of this ring before that position
//  16  ts_last u64        time at which it was closed
//  24  discarded u64      records discarded in this ring up to then
//  32  content_end u32    bytes of it that hold records

export const RING_SUBBUF_MASK_AT: u32 = 0;
export const RING_BUFFER_MASK_AT: u32 = RING_SUBBUF_MASK_AT + 4;
export const RING_DATA_AT: u32 = RING_BUFFER_MASK_AT + 4;
export const RING_MODE_AT: u32 = RING_DATA_AT + 4;
export const RING_SUBBUF_BYTES_AT: u32 = RING_MODE_AT + 4;
export const RING_SUBBUF_COUNT_AT: u32 = RING_SUBBUF_BYTES_AT + 4;
export const RING_OFFSET_AT: u32 = (RING_SUBBUF_COUNT_AT + 4 + 63) & ~63;
export const RING_TALLY_AT: u32 = RING_OFFSET_AT + 8;
export const RING_DISCARDED_FULL_AT: u32 = RING_TALLY_AT + 8;
export const RING_DISCARDED_BIG_AT: u32 = RING_DISCARDED_FULL_AT + 8;
export const RING_BATCH_AT: u32 = RING_DISCARDED_BIG_AT + 8;
export const RING_CONSUMED_AT: u32 = (RING_BATCH_AT + 4 + 63) & ~63;
export const RING_TAKEN_AT: u32 = (RING_CONSUMED_AT + 8 + 63) & ~63;
export const RING_OVERWRITTEN_AT: u32 = RING_TAKEN_AT + 8;
export const RING_SUBBUFS_AT: u32 = (RING_OVERWRITTEN_AT + 8 + 63) & ~63;

export const SUBBUF_BEGIN_AT: u32 = 0;
export const SUBBUF_RECORDS_AT: u32 = SUBBUF_BEGIN_AT + 8;
export const SUBBUF_TS_LAST_AT: u32 = SUBBUF_RECORDS_AT + 8;
export const SUBBUF_DISCARDED_AT: u32 = SUBBUF_TS_LAST_AT + 8;
export const SUBBUF_CONTENT_END_AT: u32 = SUBBUF_DISCARDED_AT + 8;
export const SUBBUF_ENTRY_BYTES: u32 = (SUBBUF_CONTENT_END_AT + 4 + 7) & ~7;

export const SUBBUF_BYTES_MIN: u32 = 64;
export const SUBBUF_BYTES_MAX: u32 = 67108864;
export const SUBBUF_COUNT_MIN: u32 = 2;
export const SUBBUF_COUNT_MAX: u32 = 64;
/** Most bytes of one CPU buffer, all its sub-buffers together. */
export const BUFFER_BYTES_MAX: u32 = 1073741824;

// Facility description ------------------------------------------------------------------------
//
//   0  bytes  name_bytes  events  first_event       bytes: what follows these 16
//  16  name, then its definition as JSON, both UTF-8

export const FACILITY_BYTES_AT: u32 = 0;
export const FACILITY_NAME_BYTES_AT: u32 = FACILITY_BYTES_AT + 4;
export const FACILITY_EVENTS_AT: u32 = FACILITY_NAME_BYTES_AT + 4;
export const FACILITY_FIRST_AT: u32 = FACILITY_EVENTS_AT + 4;
export const FACILITY_TEXT_AT: u32 = FACILITY_FIRST_AT + 4;

// Texts of labels -----------------------------------------------------------------------------
//
// One run a CPU slot. Its owner appends, and nobody ever changes what is there:
//
//   0  bytes  text                                  bytes of the text, a multiple of 4, stored last;
//                                                   the text as a string field has it: UTF-8, a NUL,
//                                                   zero bytes up to a whole word
//
// and so on, up to a word of 0 or the end of the run. A record holds the address of an entry / 4.

/** Order of the run that a slot asks for; a smaller one where there is no such run. */
export const LABELS_ORDER: u32 = 5;
/** Longest text of a label as it is stored, in bytes. */
export const LABEL_BYTES_MAX: u32 = 1024;
