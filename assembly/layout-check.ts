// Net 1: relations between the layout's constants, checked while compiling. Emits no code.
// Reachable from index.ts, or it would check nothing.

import {
  CONTROL_AT,
  CPU_ACK_AT,
  CPU_BLOCK_BYTES,
  CPU_BLOCK_SHIFT,
  CPU_ERROR_AT,
  CPU_LABELS_AT,
  CPU_LABELS_FULL_AT,
  CPU_RECORD_AT,
  CPU_RINGS_AT,
  CPU_STATE_AT,
  CPU_TID_AT,
  CPU_TS_AT,
  CPUS_AT,
  CPUS_MAX,
  CTL_ANSWER_AT,
  CTL_ANSWER_ERROR_AT,
  CTL_ANSWER_TIME_AT,
  CTL_ASKER_AT,
  CTL_COARSE_AT,
  CTL_COARSE_STEP_AT,
  CTL_DYING_AT,
  CTL_EVTCHNS_AT,
  CTL_FACILITIES_AT,
  CTL_FAMILY_AT,
  CTL_QUESTION_AT,
  CTL_TICKERS_AT,
  CTL_TRACES_AT,
  CTL_UPCALL_AT,
  CTL_VIRQ_PORT_AT,
  ENABLED_AT,
  ENABLED_ATTENTION_BIT,
  EVENTS_MAX,
  FACILITIES_MAX,
  FAMILY_MAX,
  FRAME_BYTES,
  FRAME_ENTRY_BYTES,
  FRAME_ENTRY_SHIFT,
  FRAME_SHIFT,
  HYPERCALL_AT,
  NOBODY_AT,
  OWNER_CPU,
  OWNER_LABELS,
  OWNER_TRACE,
  OWNER_XEN,
  RECORD_EVENT_BITS,
  RECORD_EVENT_MASK,
  RECORD_HEADER_BYTES,
  RING_BATCH_AT,
  RING_CONSUMED_AT,
  RING_DISCARDED_BIG_AT,
  RING_DISCARDED_FULL_AT,
  RING_OFFSET_AT,
  RING_OVERWRITTEN_AT,
  RING_SUBBUF_MASK_AT,
  RING_SUBBUFS_AT,
  RING_TAKEN_AT,
  RING_TALLY_AT,
  SCRATCH_BYTES,
  SCRATCH_ORDER,
  SUBBUF_BEGIN_AT,
  SUBBUF_BYTES_MAX,
  SUBBUF_BYTES_MIN,
  SUBBUF_COUNT_MAX,
  SUBBUF_DISCARDED_AT,
  SUBBUF_ENTRY_BYTES,
  SUBBUF_RECORDS_AT,
  SUBBUF_TS_LAST_AT,
  TRACE_BYTES,
  TRACE_CPU_SET_AT,
  TRACE_CPU_SET_BYTES,
  TRACE_DIRECTORY_AT,
  TRACE_EVENT_SET_AT,
  TRACE_EVENT_SET_BYTES,
  TRACE_NAME_AT,
  TRACE_NAME_MAX,
  TRACE_PATTERN_AT,
  TRACES_MAX,
  VIRQS_MAX,
} from "./public/layout";
import {
  PORTS_MAX,
  TBC_CONSUMED_AT,
  TBC_DISCARDED_BIG_AT,
  TBC_DISCARDED_FULL_AT,
  TBC_OFFSET_AT,
  TBC_OLD_AT,
  TBC_OVERWRITTEN_AT,
  TBC_RING_RECORDS_AT,
  TBC_TAKEN_AT,
  TBC_TRACE_AT,
  TBC_UNTIL_AT,
} from "./public/ops";

if (1 << FRAME_SHIFT != FRAME_BYTES) ERROR("FRAME_SHIFT is the power of FRAME_BYTES");
if (1 << FRAME_ENTRY_SHIFT != FRAME_ENTRY_BYTES) ERROR("FRAME_ENTRY_SHIFT is its power");
if (1 << CPU_BLOCK_SHIFT != CPU_BLOCK_BYTES) ERROR("CPU_BLOCK_SHIFT is its power");
if (1 << RECORD_EVENT_BITS != EVENTS_MAX) ERROR("an event id fits its bits");
if (RECORD_EVENT_MASK != EVENTS_MAX - 1) ERROR("the event mask covers the event bits");
if (FRAME_BYTES << SCRATCH_ORDER != SCRATCH_BYTES) ERROR("scratch is whole frames");

if (HYPERCALL_AT != CONTROL_AT + FRAME_BYTES) ERROR("the hypercall page follows control");
if (ENABLED_AT != HYPERCALL_AT + FRAME_BYTES) ERROR("the enabled table follows it");
if (CPUS_AT != ENABLED_AT + EVENTS_MAX * 4) ERROR("the CPU table follows the enabled table");
if (NOBODY_AT != 0) ERROR("cpu.ts starts with the literal 0");
if (NOBODY_AT + CPU_BLOCK_BYTES > FRAME_BYTES) ERROR("NOBODY lies in frame 0");
if (NOBODY_AT + CPU_TS_AT < RING_SUBBUF_MASK_AT + 4) ERROR("no ring, address 0, has no room");

if (CTL_VIRQ_PORT_AT + VIRQS_MAX * 4 > CTL_TRACES_AT) ERROR("control: virq ports end");
if (CTL_TRACES_AT + TRACES_MAX * 4 > CTL_FACILITIES_AT) ERROR("control: traces end");
if (CTL_FACILITIES_AT + FACILITIES_MAX * 4 > CTL_DYING_AT) ERROR("control: facilities end");
if (CTL_DYING_AT + TRACES_MAX * 4 > CTL_ASKER_AT) ERROR("control: traces in quarantine end");
if (CTL_ASKER_AT + 4 > CTL_QUESTION_AT) ERROR("control: asker ends");
if (CTL_QUESTION_AT + 4 > CTL_ANSWER_AT) ERROR("control: question ends");
if (CTL_ANSWER_AT + 4 > CTL_ANSWER_ERROR_AT) ERROR("control: answer ends");
if (CTL_ANSWER_ERROR_AT + 4 > CTL_ANSWER_TIME_AT) ERROR("control: answer's error ends");
if (CTL_ANSWER_TIME_AT + 8 > CTL_FAMILY_AT) ERROR("control: calibration ends");
if (CTL_FAMILY_AT + FAMILY_MAX * 8 > FRAME_BYTES) ERROR("control fits its frame");
if (FAMILY_MAX < CPUS_MAX) ERROR("it is noted of each CPU who started its thread");
if (CTL_COARSE_AT + 8 > CTL_COARSE_STEP_AT) ERROR("control: coarse time ends");
if (CTL_TICKERS_AT + 4 > CTL_UPCALL_AT) ERROR("control: the ticker's words end");
if ((CTL_UPCALL_AT & 63) != 0) ERROR("event channels have a cache line");
if (CTL_UPCALL_AT + 64 > CTL_VIRQ_PORT_AT) ERROR("event channels share no cache line");
if (CTL_EVTCHNS_AT + 4 > CTL_UPCALL_AT + 64) ERROR("event channels fit their cache line");
if (VIRQS_MAX >= PORTS_MAX || PORTS_MAX != 32) ERROR("a port is a bit, above those of the VIRQs");
if (ENABLED_ATTENTION_BIT != TRACES_MAX) ERROR("attention is the bit above the traces");
if (CPU_TID_AT != CPU_STATE_AT + 4) ERROR("state and tid: one u64");
if (CPU_RECORD_AT + RECORD_HEADER_BYTES + 7 * 4 > CPU_RINGS_AT) ERROR("a CPU block holds a record");
if ((CPU_RECORD_AT & 3) != 0 || CPU_RECORD_AT < CPU_ACK_AT + 4) ERROR("it follows the ack");
if (CPU_ERROR_AT + 4 > CPU_LABELS_AT) ERROR("what a host says of its clock ends");
if (CPU_LABELS_FULL_AT + 4 > CPU_ACK_AT) ERROR("what a CPU has of labels ends");
if (CPU_RINGS_AT + (TRACES_MAX + 1) * 4 > CPU_BLOCK_BYTES) ERROR("a CPU block holds its rings");

if (TRACE_NAME_AT + TRACE_NAME_MAX + 1 > TRACE_CPU_SET_AT) ERROR("trace: the name fits");
if (TRACE_CPU_SET_BYTES * 8 != CPUS_MAX) ERROR("trace: one bit a CPU");
if (TRACE_EVENT_SET_BYTES * 8 != EVENTS_MAX) ERROR("trace: one bit an event");
if (TRACE_CPU_SET_AT + TRACE_CPU_SET_BYTES != TRACE_EVENT_SET_AT) ERROR("trace: CPU set");
if (TRACE_EVENT_SET_AT + TRACE_EVENT_SET_BYTES != TRACE_DIRECTORY_AT) ERROR("trace: event set");
if (TRACE_DIRECTORY_AT + CPUS_MAX * 4 != TRACE_PATTERN_AT) ERROR("trace: directory");
if (TRACE_BYTES > FRAME_BYTES) ERROR("a trace fits its frame");
if (TBC_TAKEN_AT + 8 > TBC_TRACE_AT) ERROR("hypercall page: results end");
if (TBC_TRACE_AT + TRACE_BYTES > FRAME_BYTES) ERROR("the hypercall page fits its frame");

if (RING_BATCH_AT + 4 > RING_CONSUMED_AT) ERROR("batch is the owner's");
if (RING_CONSUMED_AT < RING_OFFSET_AT + 64) ERROR("offset and consumed share no cache line");
if (RING_TAKEN_AT < RING_CONSUMED_AT + 64) ERROR("consumed and taken share no cache line");
if (RING_SUBBUFS_AT + SUBBUF_COUNT_MAX * SUBBUF_ENTRY_BYTES > FRAME_BYTES) {
  ERROR("a ring's control block fits its frame");
}
if (SUBBUF_BEGIN_AT != 0) ERROR("an entry starts with its begin");
if ((SUBBUF_BYTES_MIN & (SUBBUF_BYTES_MIN - 1)) != 0) ERROR("sub-buffers are powers of two");
if ((SUBBUF_BYTES_MAX & (SUBBUF_BYTES_MAX - 1)) != 0) ERROR("sub-buffers are powers of two");
if (OWNER_TRACE + TRACES_MAX > OWNER_CPU) ERROR("owners do not overlap");
if (OWNER_LABELS == OWNER_XEN || OWNER_LABELS >= OWNER_TRACE) ERROR("owners do not overlap");

// Each word of 64 bits is aligned: atomics trap on one that is not. The `|` of addresses is aligned
// when all are.
const LONGS_CONTROL = CTL_COARSE_AT | CTL_ANSWER_TIME_AT | CTL_FAMILY_AT | CONTROL_AT;
const LONGS_CPU = CPU_STATE_AT | CPU_TS_AT | CPUS_AT | CPU_BLOCK_BYTES | NOBODY_AT;
const LONGS_WRITER =
  RING_OFFSET_AT | RING_TALLY_AT | RING_DISCARDED_FULL_AT | RING_DISCARDED_BIG_AT;
const LONGS_READER = RING_CONSUMED_AT | RING_TAKEN_AT | RING_OVERWRITTEN_AT;
const LONGS_ENTRY = SUBBUF_BEGIN_AT | SUBBUF_RECORDS_AT | SUBBUF_TS_LAST_AT | SUBBUF_DISCARDED_AT;
const LONGS_CALL =
  TBC_OLD_AT | TBC_UNTIL_AT | TBC_OFFSET_AT | TBC_CONSUMED_AT | TBC_RING_RECORDS_AT;
const LONGS_COUNTS =
  TBC_DISCARDED_FULL_AT | TBC_DISCARDED_BIG_AT | TBC_OVERWRITTEN_AT | TBC_TAKEN_AT | HYPERCALL_AT;
if ((LONGS_CONTROL & 7) != 0) ERROR("control: a u64 is not aligned");
if ((LONGS_CPU & 7) != 0) ERROR("CPU block: a u64 is not aligned");
if (((LONGS_WRITER | LONGS_READER) & 7) != 0) ERROR("ring: a u64 is not aligned");
if (((LONGS_ENTRY | RING_SUBBUFS_AT | SUBBUF_ENTRY_BYTES) & 7) != 0) {
  ERROR("sub-buffer entry: a u64 is not aligned");
}
if (((LONGS_CALL | LONGS_COUNTS) & 7) != 0) ERROR("hypercall page: a u64 is not aligned");
