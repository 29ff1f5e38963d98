// What package.json promises, checked against what the build left behind. Needs a build.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join, posix } from "node:path";
import { describe, expect, it } from "vitest";
import { privatePackages } from "../../scripts/lib/private-packages.mjs";
import { readText, repositoryFiles, root } from "../lib/sources.js";

const LOCKFILE = "package-lock.json";
const LOCKFILE_ENTRIES_MAX = 750;

type Target = string | { [condition: string]: Target };

interface PackageJson {
  name: string;
  bin: Record<string, string>;
  exports: Record<string, Target>;
  files: string[];
}

const packageJson = JSON.parse(readText("package.json")) as PackageJson;

const targetsOf = (target: Target): string[] =>
  typeof target === "string" ? [target] : Object.values(target).flatMap(targetsOf);

const missing = (paths: string[]) => paths.filter((path) => !existsSync(join(root, path)));

/** Lines of a lockfile that bind it to the host it was written at. */
const boundLines = (lockfile: string) => lockfile.match(/"resolved":\s*"[a-z+]*https?:.*/g) ?? [];

describe("package.json", () => {
  it("exports only files that are there", () => {
    const targets = Object.values(packageJson.exports).flatMap(targetsOf);
    expect(targets.length).toBeGreaterThan(5);
    expect(missing(targets)).toEqual([]);
  });

  it("ships only files that are there", () => {
    const shipped = packageJson.files.filter((path) => !path.startsWith("!"));
    expect(missing([...shipped, "dist/preload.cjs"])).toEqual([]);
  });

  it("exports and starts nothing that it does not ship", () => {
    const used = [
      ...Object.values(packageJson.exports).flatMap(targetsOf),
      ...Object.values(packageJson.bin),
    ].map((path) => path.replace(/^\.\//, ""));
    const shipped = [...packageJson.files, "package.json"];
    const isShipped = (path: string) =>
      shipped.some((entry) => path === entry || path.startsWith(`${entry}/`));
    expect(used.filter((path) => !isShipped(path))).toEqual([]);
  });

  it.each(Object.entries(packageJson.bin))(
    "has a command %s that can be started",
    (_name, path) => {
      const file = join(root, path);
      expect(readFileSync(file, "utf8").split("\n", 1)).toEqual(["#!/usr/bin/env node"]);
      expect(statSync(file).mode & 0o111).toBe(0o111);
    },
  );

  const modules = Object.keys(packageJson.exports).filter((key) => !/\.(json|wasm)$/.test(key));

  it.each(modules)("can be imported by its own name: %s", (key) => {
    // In a process of its own: the test runner resolves imports by rules of its own.
    const specifier = JSON.stringify(packageJson.name + key.slice(1));
    const code = `console.log(Object.keys(await import(${specifier})).length)`;
    const args = ["--input-type=module", "--eval", code];
    const printed = execFileSync(process.execPath, args, {
      cwd: root,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
    expect(Number(printed)).toBeGreaterThan(0);
  });
});

interface Lockfile {
  packages: Record<string, object>;
}

const lockfiles = repositoryFiles().filter((path) => posix.basename(path) === "package-lock.json");

describe("the lockfiles", () => {
  it("are those of the root and of the private packages", () => {
    const folders = Object.values(privatePackages);
    expect(lockfiles).toEqual(["", ...folders].map((dir) => posix.join(dir, LOCKFILE)).sort());
  });

  it.each(lockfiles)("name no host to install from: %s", (path) => {
    expect(boundLines(readText(path))).toEqual([]);
  });

  it("would be caught if they did", () => {
    const lockfile = `{ "resolved": "https://example.org/a/-/a-1.0.0.tgz", "integrity": "" }`;
    expect(boundLines(lockfile)).toHaveLength(1);
  });

  // What is heavy belongs to a package that only those install who use it: docs/adr/0023.
  it("ask of those who build and test for few packages", () => {
    const { packages } = JSON.parse(readText(LOCKFILE)) as Lockfile;
    expect(Object.keys(packages).length - 1).toBeLessThanOrEqual(LOCKFILE_ENTRIES_MAX);
  });

  it.each(Object.values(privatePackages))("are of a package that is never published: %s", (dir) => {
    expect(JSON.parse(readText(posix.join(dir, "package.json")))).toMatchObject({ private: true });
  });
});
