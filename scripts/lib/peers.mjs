// What tests hold tbuf against and a machine may lack: programs, browsers, and the private packages.

import { browserNames, findBrowser } from "./browsers.mjs";
import { installCommand, isInstalled, privatePackages } from "./private-packages.mjs";
import { findProgram } from "./programs.mjs";

/** Debian's packages, which .ci/run installs. */
const DEBIAN = {
  babeltrace2: "babeltrace2",
  chromium: "chromium",
  firefox: "firefox-esr",
  "lttng-sessiond": "lttng-tools liblttng-ust-dev",
  spin: "spin",
  xentrace_format: "xen-utils-common",
};

/**
 * Whether it is there: a browser, a private package, or any program on PATH.
 *
 * @param {string} name
 */
export function hasPeer(name) {
  if (name in privatePackages) return isInstalled(name);
  if (browserNames.includes(name)) return findBrowser(name) !== undefined;
  return findProgram([name]) !== undefined;
}

/**
 * What to do to have it.
 *
 * @param {string} name
 */
export function howToInstall(name) {
  if (name in privatePackages) return installCommand(name);
  return name in DEBIAN ? `apt install ${DEBIAN[name]}` : `put ${name} on PATH`;
}
