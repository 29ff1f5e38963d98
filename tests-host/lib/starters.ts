// Fresh projects: made by each bundler's own starter where that is a program, else by hand as its
// documentation begins one. Each builds itself, by the `build` script that it was given.

import { execFile, execFileSync, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { installedIn } from "../../scripts/lib/private-packages.mjs";
import { cleanEnv, type Project } from "./packed.js";
import { root } from "./sources.js";

const run = promisify(execFile);

export interface Starter {
  /** Makes the folder `name` in the project. */
  readonly make: (project: Project, name: string) => Promise<void> | void;
  /** The project's main module. */
  readonly main: string;
  /** The folder with the page, once it is built. */
  readonly built: string;
  /** What to click on, and its text after two clicks. */
  readonly clicked: string;
  readonly text: string;
}

/** What `npm install` would get for all of them, from what is installed here. */
export function install(project: Project): void {
  const packages = [
    ...["vite", "@vitejs/plugin-react", "react", "react-dom", "@types/react", "@types/react-dom"],
    ...["@rollup/plugin-commonjs", "@rollup/plugin-node-resolve", "@rollup/plugin-terser"],
    ...["webpack", "webpack-cli", "html-loader", "html-webpack-plugin"],
  ];
  for (const name of packages) project.link(name, installedIn("starters", name));
  const commands = {
    rollup: "rollup/dist/bin/rollup",
    vite: "vite/bin/vite.js",
    webpack: "webpack/bin/webpack.js",
  };
  for (const [name, path] of Object.entries(commands)) {
    project.command(name, installedIn("starters", path));
  }
  const ours = (path: string) => join(root, "node_modules", path);
  project.link("@types/node", ours("@types/node"));
  project.link("typescript", ours("typescript-7"));
  project.command("tsc", ours("typescript-7/bin/tsc"));
  project.command("esbuild", ours("esbuild/bin/esbuild"));
}

/** Builds a project as its users do. Throws what the build printed if it fails. */
export async function build(dir: string): Promise<void> {
  await run("npm", ["run", "build"], { cwd: dir, env: cleanEnv() }).catch(
    (error: Error & { stdout: string; stderr: string }) => {
      throw new Error(`${error.message}\n${error.stdout}${error.stderr}`);
    },
  );
}

/** A template of Vite's starter, all of which have the same page. */
export const createVite = (template: string, main: string): Starter => ({
  make: (project, name) => {
    const starter = installedIn("starters", "create-vite/index.js");
    const args = [starter, name, "--template", template, "--no-interactive"];
    execFileSync(process.execPath, args, { cwd: project.dir, stdio: "pipe" });
  },
  main,
  built: "dist",
  clicked: "button.counter",
  text: "Count is 2",
});

/** A question of a starter, and the keys that answer it. */
type Answer = readonly [question: string, keys: string];

const enter = "\r";
const up = "\u001b[A";

// What `create-webpack-app init --force` would answer, but for the service worker: its plugin takes
// more packages than all else here. Stylesheets are the one question where its own default differs.
const webpackAnswers: readonly Answer[] = [
  ["JS solutions", enter],
  ["Dev server", enter],
  ["HTML files", enter],
  ["PWA support", `n${enter}`],
  ["CSS solution", up + enter],
  ["package manager", enter],
];

/** Runs a starter that asks; the `npm` that it finds has nothing to do. */
async function answering(project: Project, args: string[], answers: readonly Answer[]) {
  const commands = join(project.dir, "commands");
  mkdirSync(commands, { recursive: true });
  writeFileSync(join(commands, "npm"), "#!/bin/sh\n", { mode: 0o755 });
  const env = cleanEnv();
  env.PATH = commands + delimiter + env.PATH;
  const child = spawn(process.execPath, args, { cwd: project.dir, env, timeout: 30_000 });
  let printed = "";
  let from = 0;
  const left = [...answers];
  const listen = (chunk: Buffer) => {
    printed += chunk;
    const [question, keys] = left[0] ?? [];
    if (question === undefined || !printed.includes(question, from)) return;
    left.shift();
    from = printed.length;
    child.stdin.write(keys);
  };
  child.stdout.on("data", listen);
  child.stderr.on("data", listen);
  const code = await new Promise((resolve) => child.on("close", resolve));
  if (code !== 0 || left.length > 0) throw new Error(`${args.join(" ")} printed:\n${printed}`);
}

const webpack: Starter = {
  make: (project, name) => {
    const starter = installedIn("starters", "create-webpack-app/bin/cli.js");
    return answering(project, [starter, "init", name], webpackAnswers);
  },
  main: "src/index.js",
  built: "dist",
  clicked: "h1",
  text: "Hello world!",
};

/** A starter that is no program: a folder of the repository. */
const folder = (name: string, main: string, built: string): Starter => ({
  make: (project, to) => project.copy(`tests-host/fixtures/starter-${name}`, to),
  main,
  built,
  clicked: "h1",
  text: name,
});

export const starters: Record<string, Starter> = {
  "create-vite, vanilla": createVite("vanilla", "src/main.js"),
  "create-vite, vanilla-ts": createVite("vanilla-ts", "src/main.ts"),
  "create-vite, react-ts": createVite("react-ts", "src/main.tsx"),
  "create-webpack-app": webpack,
  "Rollup's application": folder("rollup", "src/main.js", "public"),
  "esbuild's first bundle": folder("esbuild", "app.jsx", "."),
};
