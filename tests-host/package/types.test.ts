// The declarations, compiled as a user compiles them: strictly, and with all libraries checked.

import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Project, pack } from "../lib/packed.js";
import { root } from "../lib/sources.js";

const run = promisify(execFile);
const project = new Project();

beforeAll(() => {
  project.unpack(pack(project));
  project.copy("tests-host/fixtures/package");
  project.link("@types/node", join(root, "node_modules/@types/node"));
  writeFileSync(join(project.dir, "package.json"), `{ "type": "module", "private": true }`);
});
afterAll(() => project.remove());

const nodeless = { moduleResolution: "bundler", module: "esnext", lib: ["es2022"], types: [] };
const bundled = { ...nodeless, lib: ["es2022", "dom"] };
const node = { moduleResolution: "nodenext", module: "nodenext", lib: ["es2022"], types: ["node"] };
const both = { ...node, lib: ["es2022", "dom"] };

// All pairs for the newest one, which is fast; each choice once for the others.
const compilers: [string, string, (typeof node)[]][] = [
  ["5.6", "typescript-5.6", [bundled, node]],
  ["5.9", "typescript", [bundled, node]],
  ["7.0", "typescript-7", [nodeless, bundled, node, both]],
];

describe.each(compilers)("TypeScript %s", (version, name, options) => {
  it("is the version that is meant", () => {
    const path = join(root, "node_modules", name, "package.json");
    const { version: installed } = JSON.parse(readFileSync(path, "utf8")) as { version: string };
    expect(installed.startsWith(`${version}.`)).toBe(true);
  });

  it.each(options)("takes $moduleResolution, lib $lib, types $types", async (chosen) => {
    const config = `tsconfig.${name}.${options.indexOf(chosen)}.json`;
    const strict = {
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      target: "es2022",
      noEmit: true,
    };
    const files = chosen.types.includes("node") ? ["core.ts", "node.ts"] : ["core.ts"];
    const content = { compilerOptions: { ...strict, ...chosen }, files };
    writeFileSync(join(project.dir, config), JSON.stringify(content));
    const tsc = join(root, "node_modules", name, "bin/tsc");
    const complaints = await run(process.execPath, [tsc, "-p", config], { cwd: project.dir }).then(
      ({ stdout }) => stdout,
      (error: { stdout: string }) => error.stdout,
    );
    expect(complaints).toBe("");
  });
});
