// What `npm test` tells of the tests that it skipped.

import { howToInstall } from "./peers.mjs";

/**
 * @typedef {object} Skipped
 * @property {string} name the test
 * @property {string} reason why it was skipped, if not for a peer
 * @property {readonly string[]} waitsFor the missing peers that it needs
 */

/**
 * A line for each missing peer, with the number of tests that wait for it and how to install it; then a
 * line for each test that was skipped for another reason.
 *
 * @param {readonly Skipped[]} skipped
 */
export function skippedLines(skipped) {
  const counts = new Map();
  for (const { waitsFor } of skipped) {
    for (const peer of waitsFor) counts.set(peer, (counts.get(peer) ?? 0) + 1);
  }
  const peers = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  const width = Math.max(...peers.map(([peer]) => peer.length));
  const others = skipped.filter(({ waitsFor }) => waitsFor.length === 0);
  return [
    ...peers.map(([peer, count]) => {
      const tests = count === 1 ? "1 test waits" : `${count} tests wait`;
      return `missing: ${peer.padEnd(width)}  ${tests} for it: ${howToInstall(peer)}`;
    }),
    ...others.map(({ name, reason }) => `skipped: ${name} (${reason})`),
  ];
}
