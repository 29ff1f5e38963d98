// What is in the tarball, what other tools say of it, and how big it is for those who load it.

import { execFile, execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { publint } from "publint";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { minify } from "../../scripts/lib/minify.mjs";
import { cleanEnv, type Packed, Project, pack } from "../lib/packed.js";
import { readText, root } from "../lib/sources.js";

const run = promisify(execFile);

/**
 * Bytes after minification and brotli: what each has, and a little more, so that none grows unnoticed. The
 * aim for the page was 12,000: docs/adr/0020-what-a-page-loads.md.
 */
const BROTLI_BYTES_MAX = { page: 33_000, worker: 12_100, library: 8_700 };
const CORE_BYTES_MAX = 10_239;

const project = new Project();
let packed: Packed;
const installed = join(project.dir, "node_modules/tbuf");

beforeAll(() => {
  packed = pack(project);
  project.unpack(packed);
});
afterAll(() => project.remove());

interface Manifest {
  readonly files: readonly string[];
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
    // Traces that somebody has let the examples write where they lie.
    expect(manifest.files).toEqual(expect.arrayContaining(["!examples/**/xen_*"]));
    expect(paths.filter((path) => /\/(metadata|xen_\d+)$/.test(path))).toEqual([]);
  });

  it("runs nothing when it is installed", () => {
    const scripts = Object.keys(manifest.scripts);
    // npm warns of a `prepare` too, when it installs a tarball: what the repository needs is `postprepare`.
    expect(scripts.filter((name) => /^((pre|post)?install|prepare)$/.test(name))).toEqual([]);
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
  const printed = execFileSync(process.execPath, [join(root, "scripts/size.mjs"), "--json"]);
  const sizes = JSON.parse(printed.toString()) as Record<string, Size>;

  it("of the core is in its budget", () => {
    const { bytes = 0, brotli } = sizes["core.wasm"] ?? {};
    console.log(`core.wasm: ${bytes} bytes, ${brotli} with brotli`);
    expect(bytes).toBe(readFileSync(join(installed, "build/core.wasm")).length);
    expect(bytes).toBeLessThanOrEqual(CORE_BYTES_MAX);
  });

  it.each(Object.entries(BROTLI_BYTES_MAX))("of a %s's script is in its budget", (name, max) => {
    const { bytes, brotli = 0, javascriptBrotli } = sizes[name] ?? {};
    console.log(
      `${name}: ${bytes} bytes minified, ${brotli} with brotli: ${javascriptBrotli} JavaScript`,
    );
    expect(brotli).toBeGreaterThan(1000);
    expect(brotli).toBeLessThanOrEqual(max);
  });

  it("of what a worker loads has no dom0 in it, and no module", async () => {
    const worker = await bundle(readText("scripts/size/worker.mjs"));
    expect(worker).not.toMatch(/tb_control|\[0,97,115,109,/);
    expect(await bundle(readText("scripts/size/page.mjs"))).toMatch(/tb_control/);
  });

  it.each(Object.keys(BROTLI_BYTES_MAX))("a %s loads nothing of Node's", async (name) => {
    expect(await bundle(readText(`scripts/size/${name}.mjs`))).not.toMatch(/node:|commander/);
  });
});

interface Size {
  readonly bytes: number;
  readonly brotli: number;
  readonly javascriptBrotli?: number;
}

/** What a bundler makes of a module of the project's. */
async function bundle(contents: string): Promise<string> {
  const stdin = { contents, resolveDir: project.dir };
  return (await minify({ stdin, external: ["node:*"] })).text;
}
