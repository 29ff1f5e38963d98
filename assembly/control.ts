// tb_control: the seed's operations. Checks what dom0 says, then dispatches. Arguments come by the
// hypercall page, as Xen's sysctl takes a struct; each op returns the seed's 0 or 1.

import { load32 } from "./atomic";
import { sameBytes } from "./bytes";
import { consumeRing, ringInfo } from "./consume";
import { cpusCount } from "./cputable";
import { isDom0 } from "./dom0";
import { isPublished, mfnOf } from "./page";
import {
  BUFFER_BYTES_MAX,
  CONTROL_AT,
  CPUS_MAX,
  CTL_ACTIVE_AT,
  HYPERCALL_AT,
  MODE_OVERWRITE,
  SUBBUF_BYTES_MAX,
  SUBBUF_BYTES_MIN,
  SUBBUF_COUNT_MAX,
  SUBBUF_COUNT_MIN,
  TRACE_BYTES,
  TRACE_DIRECTORY_AT,
  TRACE_MODE_AT,
  TRACE_NAME_AT,
  TRACE_NAME_BYTES_AT,
  TRACE_NAME_MAX,
  TRACE_PATTERN_BYTES_AT,
  TRACE_PATTERN_MAX,
  TRACE_SUBBUF_BYTES_AT,
  TRACE_SUBBUF_COUNT_AT,
  TRACES_MAX,
} from "./public/layout";
import {
  NO_CPU,
  OP_CONSUME,
  OP_CREATE,
  OP_DESTROY,
  OP_GET_INFO,
  OP_START,
  OP_STOP,
  REASON_CPU_UNKNOWN,
  REASON_MODE,
  REASON_NAME_BAD,
  REASON_NAME_IN_USE,
  REASON_NAME_UNKNOWN,
  REASON_NO_MEMORY,
  REASON_NOT_DOM0,
  REASON_PATTERN,
  REASON_SUBBUF_BYTES,
  REASON_SUBBUF_COUNT,
  REASON_TRACES_FULL,
  REASON_UNKNOWN_OP,
  TBC_ACTIVE_AT,
  TBC_CPU_AT,
  TBC_MFN_AT,
  TBC_OLD_AT,
  TBC_RECORDS_AT,
  TBC_RING_MFN_AT,
  TBC_TRACE_AT,
  TBC_UNTIL_AT,
} from "./public/ops";
import { fail, failLimit } from "./reason";
import {
  destroyTrace,
  newTrace,
  nextEpoch,
  publishTrace,
  settle,
  startTrace,
  stopTrace,
} from "./trace";
import { dyingSlot, ringOfCpu, traceSlot } from "./tracetable";

const IMAGE: usize = HYPERCALL_AT + TBC_TRACE_AT;

/** Frame of the trace named in the hypercall page, 0 when there is none. */
function namedTrace(): usize {
  const bytes = load<u32>(IMAGE, TRACE_NAME_BYTES_AT);
  for (let trace: u32 = 0; trace < TRACES_MAX; trace++) {
    // dom0 alone stores it, in publishTrace and destroyTrace: this pairs with a dom0 before this one.
    const frame = load32(traceSlot(trace));
    if (!frame || load<u32>(frame, TRACE_NAME_BYTES_AT) != bytes) continue;
    if (sameBytes(frame + TRACE_NAME_AT, IMAGE + TRACE_NAME_AT, bytes)) return frame;
  }
  return 0;
}

function powerOfTwoIn(value: u32, min: u32, max: u32): bool {
  return value >= min && value <= max && popcnt<u32>(value) == 1;
}

function freeTraceSlot(): i32 {
  for (let trace: u32 = 0; trace < TRACES_MAX; trace++) {
    // As in namedTrace.
    if (!load32(traceSlot(trace)) && !load32(dyingSlot(trace))) return trace;
  }
  return -1;
}

function create(): u32 {
  const bytes = load<u32>(IMAGE, TRACE_SUBBUF_BYTES_AT);
  const count = load<u32>(IMAGE, TRACE_SUBBUF_COUNT_AT);
  if (namedTrace()) return fail(REASON_NAME_IN_USE);
  if (!powerOfTwoIn(bytes, SUBBUF_BYTES_MIN, SUBBUF_BYTES_MAX)) {
    return failLimit(REASON_SUBBUF_BYTES, SUBBUF_BYTES_MAX);
  }
  if (!powerOfTwoIn(count, SUBBUF_COUNT_MIN, SUBBUF_COUNT_MAX)) {
    return failLimit(REASON_SUBBUF_COUNT, SUBBUF_COUNT_MAX);
  }
  if (bytes > BUFFER_BYTES_MAX / count) {
    return failLimit(REASON_SUBBUF_BYTES, BUFFER_BYTES_MAX / count);
  }
  if (load<u32>(IMAGE, TRACE_MODE_AT) > MODE_OVERWRITE) return fail(REASON_MODE);
  if (load<u32>(IMAGE, TRACE_PATTERN_BYTES_AT) > TRACE_PATTERN_MAX) {
    return failLimit(REASON_PATTERN, TRACE_PATTERN_MAX);
  }
  // Memory and slots of traces that were destroyed come back first.
  settle();
  const trace = freeTraceSlot();
  if (trace < 0) return failLimit(REASON_TRACES_FULL, TRACES_MAX);
  const frame = newTrace(trace);
  if (!frame) return fail(REASON_NO_MEMORY);
  memory.copy(frame + TRACE_MODE_AT, IMAGE + TRACE_MODE_AT, TRACE_BYTES - TRACE_MODE_AT);
  memory.fill(frame + TRACE_DIRECTORY_AT, 0, CPUS_MAX * 4);
  return publishTrace(frame) ? 0 : fail(REASON_NO_MEMORY);
}

function getInfo(frame: usize): u32 {
  const cpu = load<u32>(HYPERCALL_AT, TBC_CPU_AT);
  store<u32>(HYPERCALL_AT, mfnOf(frame), TBC_MFN_AT);
  // dom0 alone stores it, in startTrace, stopTrace and recoverTraces.
  store<u32>(HYPERCALL_AT, load32(CONTROL_AT + CTL_ACTIVE_AT), TBC_ACTIVE_AT);
  store<u32>(HYPERCALL_AT, 0, TBC_RING_MFN_AT);
  memory.copy(IMAGE, frame, TRACE_BYTES);
  if (cpu == NO_CPU) return 0;
  if (cpu >= cpusCount()) return failLimit(REASON_CPU_UNKNOWN, cpusCount());
  const ring = ringOfCpu(frame, cpu);
  // One that is not yet its trace's cannot be mapped either.
  if (ring && isPublished(mfnOf(ring))) ringInfo(ring);
  return 0;
}

function consume(frame: usize): u32 {
  const cpu = load<u32>(HYPERCALL_AT, TBC_CPU_AT);
  const ring = cpu < cpusCount() ? ringOfCpu(frame, cpu) : 0;
  if (!ring) return failLimit(REASON_CPU_UNKNOWN, cpusCount());
  const old = load<u64>(HYPERCALL_AT, TBC_OLD_AT);
  const until = load<u64>(HYPERCALL_AT, TBC_UNTIL_AT);
  return consumeRing(ring, old, until, load<u32>(HYPERCALL_AT, TBC_RECORDS_AT));
}

/** One of dom0's operations (OP_). @returns 0 for success, 1 for failure: see `reason`. */
export function tb_control(op: u32): u32 {
  if (!isDom0()) return fail(REASON_NOT_DOM0);
  if (op > OP_CONSUME) return fail(REASON_UNKNOWN_OP);
  const nameBytes = load<u32>(IMAGE, TRACE_NAME_BYTES_AT);
  if (nameBytes == 0 || nameBytes > TRACE_NAME_MAX) {
    return failLimit(REASON_NAME_BAD, TRACE_NAME_MAX);
  }
  if (op == OP_CREATE) return create();
  const frame = namedTrace();
  if (!frame) return fail(REASON_NAME_UNKNOWN);
  if (op == OP_GET_INFO) return getInfo(frame);
  if (op == OP_CONSUME) return consume(frame);
  if (op == OP_START) startTrace(frame);
  else if (op == OP_DESTROY) destroyTrace(frame);
  else if (op == OP_STOP) {
    stopTrace(frame);
    // So that dom0 may know when the last record call that saw the trace active has returned.
    nextEpoch();
  }
  return 0;
}
