// The check that runs after every test: it finds what is left behind, and nothing else.

import { closeSync, openSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as layout from "../../assembly/public/layout.js";
import { Hypervisor } from "../../src/index.js";
import { Memory } from "../lib/memory.js";
import { descriptors, heldBy, leavesBehind, openedSince } from "../lib/resources.js";

function start() {
  const hypervisor = Hypervisor.boot({ cpus: 4, memoryBytes: 1 << 20 });
  return { hypervisor, memory: new Memory(hypervisor) };
}

/** Writes one word that the hypervisor did not. */
function write({ words }: Memory, at: number, value: number): void {
  leavesBehind("this test is about what is left");
  words[at / 4] = value;
}

describe("after a test", () => {
  it("nothing is found where all was closed, with traces that nobody destroyed", () => {
    const { hypervisor } = start();
    const dom0 = hypervisor.dom0();
    hypervisor.attach({ current: false });
    dom0.createTrace("a").start();
    dom0.createTrace("ä").stop();
    hypervisor.close();
    expect(heldBy(hypervisor)).toEqual([]);
  });

  it("a CPU is found whose thread died and was not reaped", () => {
    leavesBehind("this test is about what is left");
    const { hypervisor } = start();
    hypervisor.attach({ current: false });
    expect(heldBy(hypervisor)).toEqual(["state of CPU 0: 2"]);
  });

  it("attention, a claim and a mapping are found", () => {
    const { hypervisor, memory } = start();
    write(memory, layout.ENABLED_AT + 8, -(2 ** 31));
    write(memory, layout.CONTROL_AT + layout.CTL_DOM0_AT, 5);
    const table = memory.control(layout.CTL_FRAME_TABLE_AT);
    const entry = table + memory.firstFrame * layout.FRAME_ENTRY_BYTES;
    write(memory, entry + layout.FRAME_COUNT_AT, 1);
    expect(heldBy(hypervisor)).toEqual([
      "events with attention raised: 1",
      "dom0's claim: 5",
      `mappings of frame ${memory.firstFrame}: 1`,
    ]);
  });

  it("frames are found that belong to nobody who is there", () => {
    const { hypervisor, memory } = start();
    const table = memory.control(layout.CTL_FRAME_TABLE_AT);
    const entry = table + memory.firstFrame * layout.FRAME_ENTRY_BYTES;
    hypervisor.dom0().close();
    write(memory, entry + layout.FRAME_OWNER_AT, layout.OWNER_TRACE + 3);
    expect(heldBy(hypervisor)).toEqual(["frames of no trace 3: 1"]);
  });

  it("a descriptor is found that is open", () => {
    const before = descriptors();
    const path = new URL(import.meta.url).pathname;
    const fd = openSync(path, "r");
    const opened = openedSince(before);
    closeSync(fd);
    expect(opened).toEqual([`descriptor ${fd} is open: ${path}`]);
    expect(openedSince(before)).toEqual([]);
  });
});
