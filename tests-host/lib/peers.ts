// Programs and packages of others that tests hold tbuf against. Where one is not installed its tests are
// skipped, and `npm test` tells which it is and how to install it; unless TBUF_REQUIRE_PEERS=1 says that
// this machine is to have them all.

import { describe, it, type TestAPI, type TestOptions } from "vitest";
import { hasPeer, howToInstall } from "../../scripts/lib/peers.mjs";

declare module "vitest" {
  interface TaskMeta {
    /** The missing peers that a test is skipped for: scripts/lib/count-reporter.mjs reads it. */
    waitsFor?: readonly string[];
  }
}

/**
 * Whether the program, the browser or the private package `name` is there. Throws an Error if it is not
 * and TBUF_REQUIRE_PEERS is 1.
 */
export function peer(name: string): boolean {
  const found = hasPeer(name);
  if (!found && process.env.TBUF_REQUIRE_PEERS === "1") {
    throw new Error(`${name} is missing, and TBUF_REQUIRE_PEERS=1: ${howToInstall(name)}`);
  }
  return found;
}

type Body = () => void | Promise<void>;

/** `it`, as far as tests with peers use it. */
export interface ItWith {
  (name: string, test: Body, timeout?: number): void;
  readonly each: TestAPI["each"];
}

/** `it` for tests that need these peers: skips them where one is missing. */
export function itWith(...names: string[]): ItWith {
  const skip = skipWithout(names);
  if (skip === undefined) return it;
  const each = (cases: readonly unknown[]) => (name: string, test: Body) =>
    it.each(cases)(name, skip, test);
  const skipped = (name: string, test: Body) => it(name, skip, test);
  return Object.assign(skipped, { each: each as TestAPI["each"] });
}

/** `describe` for tests all of which need these peers: skips them, and what prepares them. */
export function describeWith(...names: string[]): (name: string, tests: () => void) => void {
  const skip = skipWithout(names);
  return skip === undefined ? describe : (name, tests) => describe(name, skip, tests);
}

/** The options of a test that cannot run; undefined if all peers are there. */
function skipWithout(names: readonly string[]): TestOptions | undefined {
  const waitsFor = names.filter((name) => !peer(name));
  return waitsFor.length > 0 ? { skip: true, meta: { waitsFor } } : undefined;
}
