// Packages of this repository that are never published: each has a package.json and a lockfile of its
// own, for what is too heavy to be installed by everybody who builds and tests. The command that needs
// one installs it at its first use.

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./step.mjs";

/** Their folders. */
export const privatePackages = {
  bench: "bench",
  conformance: "conformance",
  starters: "tests-host/starters",
};

/** @typedef {keyof typeof privatePackages} PrivatePackage */

/**
 * What installs it, for people.
 *
 * @param {PrivatePackage} name
 */
export const installCommand = (name) => `npm ci --prefix ${privatePackages[name]}`;

/**
 * The path of something in its node_modules.
 *
 * @param {PrivatePackage} name
 * @param {string} path
 */
export function installedIn(name, path) {
  return join(root, privatePackages[name], "node_modules", path);
}

/**
 * Whether what its lockfile asks for is there.
 *
 * @param {PrivatePackage} name
 */
export function isInstalled(name) {
  return holds(join(root, privatePackages[name]));
}

/**
 * Whether a folder's node_modules has what its lockfile asks for.
 *
 * @param {string} folder
 */
export function holds(folder) {
  // npm keeps a list of what it has installed, in the form of a lockfile.
  const list = join(folder, "node_modules/.package-lock.json");
  if (!existsSync(list)) return false;
  const wanted = packagesOf(join(folder, "package-lock.json"));
  const there = packagesOf(list);
  return Object.entries(wanted).every(([path, { version, optional, link }]) => {
    const installed = there[path];
    // What is optional is for other machines. A link leads to the repository itself.
    if (!path.startsWith("node_modules/") || (optional && !installed)) return true;
    return installed !== undefined && (link || installed.version === version);
  });
}

/**
 * Installs it unless that is done, and says so on stderr. Ends the process with exit code 1 when npm
 * fails.
 *
 * @param {PrivatePackage} name
 */
export function ensureInstalled(name) {
  if (isInstalled(name)) return;
  console.error(`installing the packages of ${privatePackages[name]}: ${installCommand(name)}`);
  // What the caller prints on stdout is its result.
  const stdio = ["ignore", process.stderr.fd, "inherit"];
  const args = ["ci", "--prefix", join(root, privatePackages[name])];
  const { status, error } = spawnSync("npm", args, { cwd: root, stdio });
  if (status === 0) return;
  console.error(`${installCommand(name)} failed: ${error?.message ?? `exit code ${status}`}`);
  process.exit(1);
}

/** @returns {Record<string, { version?: string, optional?: boolean, link?: boolean }>} */
function packagesOf(lockfile) {
  return JSON.parse(readFileSync(lockfile, "utf8")).packages;
}
