// The package as its users get it: what `npm pack` makes of the build, unpacked into a project.

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { root } from "./sources.js";

export interface PackedFile {
  readonly path: string;
  readonly size: number;
}

export interface Packed {
  /** The tarball. */
  readonly path: string;
  readonly files: readonly PackedFile[];
}

/** A project outside of the repository, so that nothing is found but what it was given. */
export class Project {
  readonly dir = mkdtempSync(join(tmpdir(), "tbuf-project-"));

  /** Copies the files of a folder of the repository. */
  copy(from: string, to = "."): void {
    cpSync(join(root, from), join(this.dir, to), { recursive: true });
  }

  /** Unpacks the package to where `npm install` would. */
  unpack(packed: Packed): void {
    const target = join(this.dir, "node_modules/tbuf");
    mkdirSync(target, { recursive: true });
    execFileSync("tar", ["-xzf", packed.path, "-C", target, "--strip-components=1"]);
  }

  /** Makes a package that is installed elsewhere, in the folder `from`, one of the project's. */
  link(name: string, from: string): void {
    const path = join(this.dir, "node_modules", name);
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(from, path);
  }

  /** Makes a file of a package that is installed elsewhere a command of the project's scripts. */
  command(name: string, from: string): void {
    this.link(join(".bin", name), from);
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** The environment without the repository's own commands, which no user's project has. */
export function cleanEnv(): NodeJS.ProcessEnv {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const clean = folders.filter((folder) => !folder.endsWith(join("node_modules", ".bin")));
  return { ...process.env, PATH: clean.join(delimiter) };
}

/** Packs what was built, without building again, into a project's folder. */
export function pack({ dir }: Project): Packed {
  const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", dir];
  const printed = execFileSync("npm", args, {
    cwd: root,
    env: cleanEnv(),
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  type Report = { readonly filename: string; readonly files: readonly PackedFile[] };
  // A list up to npm 11, an object by name in later ones.
  const [report] = Object.values(JSON.parse(printed) as Record<string, Report>);
  if (report === undefined) throw new Error(`npm pack said: ${printed}`);
  return { path: join(dir, report.filename), files: report.files };
}
