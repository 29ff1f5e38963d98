// What a test leaves behind: CPUs, attention, dom0's claim and mappings, frames, and descriptors. Looked
// at after every test (setup.ts), when all that it attached and all its dom0s are closed.

import { existsSync, readdirSync, readlinkSync } from "node:fs";
import * as layout from "../../assembly/public/layout.js";
import type { Member } from "../../src/cpu/member.js";
import type { Hypervisor } from "../../src/index.js";
import { Memory } from "./memory.js";

const DESCRIPTORS = "/proc/self/fd";
/**
 * What is not the library's: event loops' own, devices; sockets, which are child processes' and servers'
 * and may be kept from one test to the next; and modules, which Node leaves open when a worker is
 * terminated while it loads them.
 */
const OTHERS = /^(anon_inode:|\/proc\/|\/dev\/|socket:)|\/(dist|node_modules|fixtures)\/.*\.m?js$/;

let reasons: string[] = [];

/**
 * Says that this test leaves something behind on purpose, and why: nothing is looked at then but its
 * descriptors.
 */
export function leavesBehind(reason: string): void {
  reasons.push(reason);
}

/** Whether the test has said so; forgets it. */
export function takeReasons(): readonly string[] {
  const taken = reasons;
  reasons = [];
  return taken;
}

/** Open files and pipes of this process, each with what it is. */
export function descriptors(): Map<string, string> {
  const open = new Map<string, string>();
  if (!existsSync(DESCRIPTORS)) return open;
  for (const fd of readdirSync(DESCRIPTORS)) {
    const target = targetOf(fd);
    if (target !== undefined && !OTHERS.test(target)) open.set(fd, target);
  }
  return open;
}

function targetOf(fd: string): string | undefined {
  try {
    return readlinkSync(`${DESCRIPTORS}/${fd}`);
  } catch (error) {
    // It was closed meanwhile, as the one by which the folder was read.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Descriptors that were not open before, in words. */
export function openedSince(before: ReadonlyMap<string, string>): string[] {
  const now = [...descriptors()].filter(([fd, target]) => before.get(fd) !== target);
  return now.map(([fd, target]) => `descriptor ${fd} is open: ${target}`);
}

/** What a hypervisor that all have closed still holds, in words. Destroys its traces. */
export function heldBy(hypervisor: Hypervisor): string[] {
  const memory = new Memory(hypervisor);
  const held: string[] = [];
  const note = (what: string, value: number): void => {
    if (value !== 0) held.push(`${what}: ${value}`);
  };
  for (let cpu = 0; cpu < memory.cpus; cpu++) {
    note(`state of CPU ${cpu}`, memory.cpu(cpu, layout.CPU_STATE_AT));
  }
  note("events with attention raised", memory.attention());
  note("dom0's claim", memory.control(layout.CTL_DOM0_AT));
  note("waits of dom0", memory.control(layout.CTL_WAITING_AT));
  note("tickers", memory.control(layout.CTL_TICKERS_AT));
  for (let mfn = memory.firstFrame; mfn < memory.frames; mfn++) {
    note(`mappings of frame ${mfn}`, memory.mappings(mfn));
  }
  // Before there is a dom0 again: it would put these right.
  const traces = memory.traces().map((at) => memory.word(at + layout.TRACE_INDEX_AT));
  for (const [owner, frames] of memory.owners()) {
    const trace = owner - layout.OWNER_TRACE;
    if (owner < layout.OWNER_CPU && !traces.includes(trace))
      note(`frames of no trace ${trace}`, frames);
  }
  if (held.length > 0) return held;
  // With nobody there, all that belongs to traces comes back.
  const dom0 = hypervisor.dom0();
  for (const name of memory.names()) note(`destroy of ${name}`, dom0.ops.destroy(name));
  note("traces in quarantine", dom0.settle() ? 0 : memory.quarantined());
  dom0.close();
  const scratch = layout.SCRATCH_BYTES / layout.FRAME_BYTES;
  for (const [owner, frames] of memory.owners()) {
    // A slot keeps its scratch area for its next owner.
    const kept = owner >= layout.OWNER_CPU ? scratch : 0;
    note(`frames of owner ${owner}, but for ${kept}`, frames - kept);
  }
  return held;
}

/** Closes what a test has attached or made dom0 of. */
export function closeAll(members: Iterable<Member>): void {
  for (const member of members) member.close();
}
