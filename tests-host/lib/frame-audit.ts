// Whose frames are whose, read off the memory in two ways that must agree (I9): what the frame table
// says, and what can be reached from the traces, the CPUs and the facilities.

import * as layout from "../../assembly/public/layout.js";
import type { Memory } from "./memory.js";

/** A run that something names, and who may own it at this moment. */
interface Claim {
  readonly what: string;
  readonly mfn: number;
  readonly frames: number;
  readonly owners: readonly number[];
}

function runAt(memory: Memory, mfn: number): number {
  const run = memory.frame(mfn, layout.FRAME_RUN_AT);
  return run === 0 ? 0 : 2 ** (run - 1);
}

function claimOf(memory: Memory, what: string, address: number, owners: number[]): Claim {
  const mfn = address / layout.FRAME_BYTES;
  return { what, mfn, frames: runAt(memory, mfn), owners };
}

function claimsOfTrace(memory: Memory, trace: number): Claim[] {
  const index = memory.word(trace + layout.TRACE_INDEX_AT);
  const owner = layout.OWNER_TRACE + index;
  const claims = [claimOf(memory, `trace ${index}`, trace, [owner])];
  for (let cpu = 0; cpu < memory.cpus; cpu++) {
    const ring = memory.word(trace + layout.TRACE_DIRECTORY_AT + cpu * 4);
    if (ring === 0) continue;
    // Who has just published it makes the trace its owner next.
    const owners = [owner, layout.OWNER_CPU + cpu];
    const name = `trace ${index}, CPU ${cpu}`;
    claims.push(claimOf(memory, `${name}: ring`, ring, owners));
    claims.push(claimOf(memory, `${name}: data`, memory.word(ring + layout.RING_DATA_AT), owners));
  }
  return claims;
}

function allClaims(memory: Memory): Claim[] {
  const claims = [...new Set(memory.traces())].flatMap((trace) => claimsOfTrace(memory, trace));
  const cpus = Array.from({ length: memory.cpus }, (_, cpu) => layout.OWNER_CPU + cpu);
  for (const [cpu, owner] of cpus.entries()) {
    const scratch = memory.cpu(cpu, layout.CPU_SCRATCH_AT);
    if (scratch !== 0) claims.push(claimOf(memory, `scratch ${cpu}`, scratch, [owner]));
    const labels = memory.cpu(cpu, layout.CPU_LABELS_AT);
    // Who has just named the run gives it away next.
    const owners = [layout.OWNER_LABELS, owner];
    if (labels !== 0) claims.push(claimOf(memory, `labels ${cpu}`, labels, owners));
  }
  for (let i = 0; i < layout.FACILITIES_MAX; i++) {
    const at = memory.control(layout.CTL_FACILITIES_AT + i * 4);
    const owners = [layout.OWNER_XEN, ...cpus];
    if (at !== 0) claims.push(claimOf(memory, `facility ${i}`, at, owners));
  }
  return claims;
}

/**
 * What is wrong with the frames that can be reached, while threads may be in the middle of anything:
 * each has one owner, who may own it, and belongs to one thing. Empty: nothing.
 */
export function auditReachable(memory: Memory): string[] {
  const found: string[] = [];
  const holders = new Map<number, string>();
  for (const { what, mfn, frames, owners } of allClaims(memory)) {
    if (frames === 0) found.push(`${what}: frame ${mfn} begins no run`);
    for (let i = mfn; i < mfn + frames; i++) {
      const owner = memory.owner(i);
      if (!owners.includes(owner)) found.push(`${what}: frame ${i} has the owner ${owner}`);
      const other = holders.get(i);
      if (other !== undefined) found.push(`${what}: frame ${i} is held by ${other} as well`);
      holders.set(i, what);
    }
  }
  return found;
}

/**
 * What is wrong when no thread is in the middle of anything, the dead are reaped, and dom0 has mapped
 * nothing: then all that is not free can be reached, and all that is free is clean.
 */
export function auditAtRest(memory: Memory): string[] {
  const found = auditReachable(memory);
  const held = new Set<number>();
  for (const { what, mfn, frames, owners } of allClaims(memory)) {
    for (let i = mfn; i < mfn + frames; i++) {
      held.add(i);
      // The first is the one that stays.
      const owner = memory.owner(i);
      if (owner !== owners[0]) found.push(`${what}: frame ${i} still has the owner ${owner}`);
    }
    const count = memory.frame(mfn, layout.FRAME_COUNT_AT);
    if (count !== layout.FRAME_OWNED) found.push(`${what}: frame ${mfn} has the count ${count}`);
  }
  for (let mfn = memory.firstFrame; mfn < memory.frames; mfn++) {
    const owner = memory.owner(mfn);
    const words = [layout.FRAME_RUN_AT, layout.FRAME_COUNT_AT].map((at) => memory.frame(mfn, at));
    const shared = memory.frame(mfn, layout.FRAME_SHARE_AT) & 1;
    if (owner === 0) {
      const clean = [...words, shared].every((word) => word === 0);
      if (!clean) found.push(`frame ${mfn} is free and in a run, counted, or shared`);
    } else if (!held.has(mfn)) {
      found.push(`frame ${mfn} of owner ${owner} cannot be reached`);
    }
  }
  for (let cpu = 0; cpu < memory.cpus; cpu++) found.push(...auditPointers(memory, cpu));
  return found;
}

/** A CPU's pointers lead to the rings that its traces have for it (I2). */
function auditPointers(memory: Memory, cpu: number): string[] {
  const found: string[] = [];
  for (let index = 0; index < layout.TRACES_MAX; index++) {
    const ring = memory.cpu(cpu, layout.CPU_RINGS_AT + index * 4);
    if (ring === 0) continue;
    const trace = memory.control(layout.CTL_TRACES_AT + index * 4);
    const own = trace && memory.word(trace + layout.TRACE_DIRECTORY_AT + cpu * 4);
    if (ring !== own) found.push(`CPU ${cpu} points to a ring that trace ${index} does not have`);
  }
  return found;
}
