// Programs of others that tests hold tbuf against. Where one is not installed its tests are skipped,
// unless TBUF_REQUIRE_PEERS=1 says that this machine is to have them all.

import { it } from "vitest";
import { findBrowser } from "../scripts/lib/browsers.mjs";
import { findProgram } from "../scripts/lib/programs.mjs";

/**
 * Whether the program or the browser `name` is on PATH. Throws an Error if it is not and
 * TBUF_REQUIRE_PEERS is 1.
 */
export function peer(name: string): boolean {
  const isBrowser = name === "chromium" || name === "firefox";
  const found = (isBrowser ? findBrowser(name) : findProgram([name])) !== undefined;
  if (!found && process.env.TBUF_REQUIRE_PEERS === "1") {
    throw new Error(`${name} is not on PATH, and TBUF_REQUIRE_PEERS=1`);
  }
  return found;
}

/** `it` for tests that need these programs: skips them where one is not installed. */
export function itWith(...names: string[]): typeof it | typeof it.skip {
  return names.every(peer) ? it : it.skip;
}
