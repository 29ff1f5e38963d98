// What is in the tarball, what other tools say of it, and how big it is for those who load it.

import { execFile, execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompressSync, constants } from "node:zlib";
import { build } from "esbuild";
import { publint } from "publint";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readText, root } from "./guard-sources.js";
import { cleanEnv, type Packed, Project, pack } from "./lib/packed.js";

const run = promisify(execFile);

/** Bytes of the browser entry after minification and brotli: what it has, and a little more. */
const ENTRY_BYTES_MAX = 28_000;
const CORE_BYTES_MAX = 8191;

const project = new Project();
let packed: Packed;
const installed = join(project.dir, "node_modules/tbuf");

beforeAll(() => {
  packed = pack(project);
  project.unpack(packed);
});
afterAll(() => project.remove());

interface Manifest {
  readonly scripts: Record<string, string>;
  readonly exports: Record<string, string | Record<string, string>>;
}
const manifest = JSON.parse(readText("package.json")) as Manifest;
const modules = Object.keys(manifest.exports)
  .filter((key) => !/\.(json|wasm)$/.test(key))
  .map((key) => `tbuf${key.slice(1)}`);

describe("the tarball", () => {
  it("holds these entries and no others", () => {
    const entries = new Set(packed.files.map(({ path }) => path.split("/")[0]));
    expect([...entries].sort()).toEqual([
      "CHANGELOG.md",
      "CONTRIBUTING.md",
      "LICENSE",
      "README.md",
      "build",
      "dist",
      "docs",
      "examples",
      "guest",
      "package.json",
    ]);
  });

  it("holds of the build, sources and guests what is used", () => {
    const paths = packed.files.map(({ path }) => path);
    expect(paths.filter((path) => /^(build|guest)\//.test(path)).sort()).toEqual([
      "build/core.wasm",
      "guest/index.ts",
    ]);
    const folders = new Set(paths.filter((p) => p.startsWith("dist/")).map((p) => p.split("/")[1]));
    expect([...folders].sort()).toEqual(["assembly", "preload.cjs", "recorder.cjs", "src"]);
    const sources = paths.filter((p) => p.endsWith(".ts") && !p.endsWith(".d.ts"));
    expect(sources.filter((path) => !/^(examples|guest)\//.test(path))).toEqual([]);
    expect(paths.filter((path) => /test|spec|bench/.test(path))).toEqual([]);
    expect(paths.filter((path) => /node_modules|\.tgz$/.test(path))).toEqual([]);
  });

  it("runs nothing when it is installed", () => {
    const scripts = Object.keys(manifest.scripts);
    expect(scripts.filter((name) => /^(pre|post)?install$/.test(name))).toEqual([]);
  });

  it("names the types before all else", () => {
    const conditions = Object.values(manifest.exports).filter(
      (target) => typeof target === "object",
    );
    expect(conditions.length).toBeGreaterThan(4);
    for (const target of conditions) expect(Object.keys(target)).toEqual(["types", "default"]);
  });

  it("is fine with publint", async () => {
    const { messages } = await publint({ pkgDir: installed, pack: false, strict: true });
    expect(messages).toEqual([]);
  });

  // It is ESM only: a CommonJS program imports it with `await import`.
  it("is fine with are-the-types-wrong, as a package of ES modules", async () => {
    const attw = join(root, "node_modules/@arethetypeswrong/cli/dist/index.js");
    const options = ["--profile", "esm-only", "--exclude-entrypoints", "./core.wasm"];
    // Its exit code is the verdict: execFile rejects when that is not 0.
    const { stdout } = await run(process.execPath, [attw, packed.path, ...options], {
      env: cleanEnv(),
    });
    for (const key of modules) expect(stdout).toContain(`"${key}"`);
  });
});

describe("an import for nothing", () => {
  it.each(modules)("leaves nothing in a bundle: %s", async (name) => {
    expect(await bundle(`import "${name}";`)).toBe("");
  });

  // But for the place where copies of the package find the thread's CPU.
  it.each(modules)("changes nothing in the process: %s", (name) => {
    const code = `
      const look = () => JSON.stringify([Reflect.ownKeys(globalThis).map(String), process.eventNames()]);
      const before = look();
      await import("${name}");
      console.log(look().replace(',"Symbol(tbuf.thread)"', "") === before);`;
    const args = ["--input-type=module", "--eval", code];
    const printed = execFileSync(process.execPath, args, { cwd: project.dir, encoding: "utf8" });
    expect(printed).toBe("true\n");
  });
});

describe("the size", () => {
  it("of the core is in its budget", () => {
    const core = readFileSync(join(installed, "build/core.wasm"));
    console.log(`core.wasm: ${core.length} bytes, ${compressed(core)} with brotli`);
    expect(core.length).toBeLessThanOrEqual(CORE_BYTES_MAX);
  });

  it("of what a page loads is in its budget", async () => {
    const entry = await bundle(readText("tests-host/fixtures/package/browser.mjs"));
    const library = await bundle(readText("tests-host/fixtures/package/library.mjs"));
    const bytes = compressed(entry);
    console.log(`browser entry: ${entry.length} bytes minified, ${bytes} with brotli`);
    console.log(`facility alone: ${library.length} minified, ${compressed(library)} with brotli`);
    expect(bytes).toBeLessThanOrEqual(ENTRY_BYTES_MAX);
    expect(compressed(library)).toBeLessThan(bytes / 2);
    expect(entry).not.toMatch(/node:|commander/);
  });
});

/** What a bundler that minifies makes of a module for a page. */
async function bundle(contents: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: project.dir },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    legalComments: "none",
    write: false,
    logLevel: "silent",
    external: ["node:*"],
  });
  return outputFiles[0]?.text ?? "";
}

function compressed(bytes: string | Uint8Array): number {
  const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
  return brotliCompressSync(bytes, { params }).length;
}
