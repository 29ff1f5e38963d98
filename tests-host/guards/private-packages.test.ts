// When a private package counts as installed: a command installs it at its first use, and again when its
// lockfile has changed.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { holds } from "../../scripts/lib/private-packages.mjs";

const dirs: string[] = [];
afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true });
});

/** A folder whose lockfile asks for some packages, and in which others are installed. */
function folder(wanted: object, installed?: object): string {
  const dir = mkdtempSync(join(tmpdir(), "tbuf-private-"));
  dirs.push(dir);
  const write = (path: string, packages: object) =>
    writeFileSync(join(dir, path), JSON.stringify({ lockfileVersion: 3, packages }));
  write("package-lock.json", { "": {}, ...wanted });
  if (installed !== undefined) {
    mkdirSync(join(dir, "node_modules"));
    write("node_modules/.package-lock.json", installed);
  }
  return dir;
}

const pino = (version: string) => ({ "node_modules/pino": { version } });
const foreign = { "node_modules/pino-win32": { version: "1.0.0", optional: true } };
const link = { "..": { version: "0.1.0" }, "node_modules/tbuf": { resolved: "..", link: true } };

it("is not installed before its first use", () => {
  expect(holds(folder(pino("1.0.0")))).toBe(false);
});

it("is installed with what its lockfile asks for", () => {
  expect(holds(folder(pino("1.0.0"), pino("1.0.0")))).toBe(true);
});

it("is not installed when its lockfile asks for another version, or for more", () => {
  expect(holds(folder(pino("1.1.0"), pino("1.0.0")))).toBe(false);
  expect(holds(folder({ ...pino("1.0.0"), ...link }, pino("1.0.0")))).toBe(false);
});

it("may lack what is for other machines", () => {
  expect(holds(folder({ ...pino("1.0.0"), ...foreign }, pino("1.0.0")))).toBe(true);
});

it("is linked to the repository, whatever version that has", () => {
  const linked = { ...link, "..": { version: "0.2.0" } };
  expect(holds(folder(link, linked))).toBe(true);
});
