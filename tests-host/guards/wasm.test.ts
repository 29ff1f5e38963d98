// The shape of build/core.wasm. Data, a start function or another import would each mean that an
// instance writes to, or needs, something besides the memory it was given.

import { describe, expect, it } from "vitest";
import { readBuilt, wasm } from "../lib/sources.js";

/** What the hypervisor exports, sorted. A change here is a change of the ABI: see ABI_VERSION. */
const EXPECTED_EXPORTS: string[] = [
  "boot",
  "cpu_join",
  "cpu_labels",
  "cpu_leave",
  "cpu_quiesce",
  "cpu_reap",
  "cpu_scratch_at",
  "dom0_claim",
  "dom0_held",
  "dom0_resign",
  "evtchn_alloc",
  "evtchn_bind",
  "evtchn_close",
  "evtchn_mask",
  "evtchn_notify",
  "evtchn_take",
  "evtchn_unbind",
  "facility_register",
  "fence",
  "frame_map",
  "frame_unmap",
  "reason",
  "record",
  "record0",
  "record1",
  "record2",
  "record3",
  "record4",
  "record5",
  "record6",
  "record7",
  "tb_control",
  "thread_started_by",
  "trace_enable_event",
  "trace_settle",
];

const BYTES_MAX = 10239;

const SECTION_IMPORT = 2;
const SECTION_START = 8;
const SECTION_DATA = 11;
const SECTION_DATA_COUNT = 12;

const MEMORY_KIND = 2;
const MEMORY_SHARED = 2;

interface Section {
  id: number;
  begin: number;
  end: number;
}

class Cursor {
  readonly bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  byte(): number {
    const value = this.bytes[this.at++];
    if (value === undefined) throw new RangeError("the module ends within a section");
    return value;
  }

  /** An unsigned LEB128 number. */
  u32(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }

  text(): string {
    const size = this.u32();
    this.at += size;
    return new TextDecoder().decode(this.bytes.subarray(this.at - size, this.at));
  }
}

function sectionsOf(bytes: Uint8Array): Section[] {
  const cursor = new Cursor(bytes, 8);
  const sections: Section[] = [];
  while (cursor.at < bytes.length) {
    const id = cursor.byte();
    const size = cursor.u32();
    sections.push({ id, begin: cursor.at, end: cursor.at + size });
    cursor.at += size;
  }
  return sections;
}

/** The flags of a memory that is the module's only import; undefined when it is not. */
function memoryFlags(bytes: Uint8Array): number | undefined {
  const section = sectionsOf(bytes).find(({ id }) => id === SECTION_IMPORT);
  if (section === undefined) return undefined;
  const cursor = new Cursor(bytes, section.begin);
  if (cursor.u32() !== 1) return undefined;
  const name = `${cursor.text()}.${cursor.text()}`;
  if (name !== "env.memory" || cursor.byte() !== MEMORY_KIND) return undefined;
  return cursor.byte();
}

/** What is wrong with the module; empty when nothing is. */
function complaints(bytes: Uint8Array<ArrayBuffer>): string[] {
  const has = (id: number) => sectionsOf(bytes).some((section) => section.id === id);
  const imports = wasm.Module.imports(new wasm.Module(bytes));
  const flags = memoryFlags(bytes);
  return [
    has(SECTION_DATA) ? "has a data section" : "",
    has(SECTION_DATA_COUNT) ? "has a data count section" : "",
    has(SECTION_START) ? "has a start function" : "",
    flags === undefined ? `imports not just env.memory: ${JSON.stringify(imports)}` : "",
    flags !== undefined && (flags & MEMORY_SHARED) === 0 ? "its memory is not shared" : "",
    bytes.length > BYTES_MAX ? `is too big: bytes=${bytes.length}, limit=${BYTES_MAX}` : "",
  ].filter((complaint) => complaint !== "");
}

describe("core.wasm", () => {
  it("imports one shared memory, brings no data, starts nothing, and is small", () => {
    expect(complaints(readBuilt("build/core.wasm"))).toEqual([]);
  });

  it("exports what is expected, all of it functions", () => {
    const exported = wasm.Module.exports(new wasm.Module(readBuilt("build/core.wasm")));
    const names = exported.map(({ name }) => name).sort();
    const hint = `the module exports ${JSON.stringify(names)}`;
    expect(EXPECTED_EXPORTS, hint).not.toEqual([]);
    expect(names, hint).toEqual(EXPECTED_EXPORTS);
    expect(exported.filter(({ kind }) => kind !== "function")).toEqual([]);
  });
});

describe("the parser", () => {
  const head = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  /** (import "env" "memory" (memory 1 2)), with the given limits flags. */
  const memory = (flags: number) => {
    const name = (text: string) => [text.length, ...new TextEncoder().encode(text)];
    const content = [1, ...name("env"), ...name("memory"), MEMORY_KIND, flags, 1, 2];
    return [SECTION_IMPORT, content.length, ...content];
  };

  it("finds nothing wrong with a bare shared memory", () => {
    expect(complaints(new Uint8Array([...head, ...memory(3)]))).toEqual([]);
  });

  it("sees a memory that is not shared", () => {
    expect(complaints(new Uint8Array([...head, ...memory(1)]))).toEqual([
      "its memory is not shared",
    ]);
  });

  it("sees data, a data count, a start function and a missing import", () => {
    const type = [1, 4, 1, 0x60, 0, 0];
    const functions = [3, 2, 1, 0];
    const ownMemory = [5, 3, 1, 0, 1];
    const start = [SECTION_START, 1, 0];
    const dataCount = [SECTION_DATA_COUNT, 1, 1];
    const code = [10, 4, 1, 2, 0, 0x0b];
    const data = [SECTION_DATA, 7, 1, 0, 0x41, 0, 0x0b, 1, 42];
    const parts = [head, type, functions, ownMemory, start, dataCount, code, data];
    expect(complaints(new Uint8Array(parts.flat()))).toEqual([
      "has a data section",
      "has a data count section",
      "has a start function",
      "imports not just env.memory: []",
    ]);
  });

  it("sees a module that is too big", () => {
    const padding = new Array(10238).fill(0);
    // A custom section of 10240 bytes, whose name is empty.
    const custom = [0, 0x80, 0x50, 0, ...padding, 0];
    expect(complaints(new Uint8Array([...head, ...memory(3), ...custom]))).toEqual([
      "is too big: bytes=10269, limit=10239",
    ]);
  });
});
