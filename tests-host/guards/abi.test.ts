// One source for the layout, two compilers: what AssemblyScript made of each public constant must
// be what TypeScript reads. build/abi.wasm holds nothing but those constants (assembly/abi.ts).

import { beforeAll, describe, expect, it } from "vitest";
import * as layout from "../../assembly/public/layout.js";
import * as ops from "../../assembly/public/ops.js";
import { readBuilt, wasm } from "../lib/sources.js";

const constants: Record<string, number> = { ...layout, ...ops };

/** Names whose value differs on the two sides, or that one side lacks. */
function differences(host: Record<string, number>, globals: Record<string, unknown>): string[] {
  const names = [...new Set([...Object.keys(host), ...Object.keys(globals)])].sort();
  return names.flatMap((name) => {
    const value = globals[name];
    const inWasm = value instanceof wasm.Global ? value.value >>> 0 : undefined;
    return inWasm === host[name] ? [] : [`${name}: host=${host[name]}, wasm=${inWasm}`];
  });
}

describe("the public constants", () => {
  let globals: Record<string, unknown> = {};

  beforeAll(() => {
    globals = new wasm.Instance(new wasm.Module(readBuilt("build/abi.wasm"))).exports;
  });

  it("are the same in the hypervisor and in the host", () => {
    expect(Object.keys(constants).length).toBeGreaterThan(100);
    expect(differences(constants, globals)).toEqual([]);
  });

  it("cannot be changed by anyone", () => {
    const all = Object.values(globals).filter((value) => value instanceof wasm.Global);
    expect(all.length).toBe(Object.keys(globals).length);
    for (const global of all) {
      expect(() => {
        global.value = 0;
      }).toThrow(TypeError);
    }
  });

  it("have names that neither file shares with the other", () => {
    expect(Object.keys(layout).filter((name) => name in ops)).toEqual([]);
  });

  it("are whole numbers from 0 to below 2^31", () => {
    const odd = Object.entries(constants).filter(([, value]) => {
      return !Number.isInteger(value) || value < 0 || value >= 2147483648;
    });
    expect(odd).toEqual([]);
  });

  it("differ visibly once one of them does", () => {
    const stale = { ...constants, MAGIC: 1, ADDED: 2 };
    expect(differences(stale, globals)).toEqual([
      "ADDED: host=2, wasm=undefined",
      "MAGIC: host=1, wasm=1718968948",
    ]);
  });
});
