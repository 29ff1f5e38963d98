// Runs before every file of tests-host: after each test, all hypervisors that it booted are as they
// were when they were booted, and no descriptor is open that was not.

import { afterEach, beforeEach, expect } from "vitest";
import { Member } from "../../src/cpu/member.js";
import { type BootOptions, Hypervisor } from "../../src/index.js";
import { closeAll, descriptors, heldBy, openedSince, takeReasons } from "./resources.js";

/** Milliseconds that threads and processes of a test have to let go of their pipes. */
const CLOSING_MS = 2000;

const booted = new Set<Hypervisor>();
const members = new Set<Member>();
let before = descriptors();

const { boot } = Hypervisor;
Hypervisor.boot = (options?: BootOptions): Hypervisor => {
  const hypervisor = boot(options);
  booted.add(hypervisor);
  members.add(hypervisor);
  return hypervisor;
};

const { attach } = Member.prototype;
Member.prototype.attach = function (this: Member, ...args) {
  members.add(this);
  return attach.apply(this, args);
};

const { dom0 } = Hypervisor.prototype;
Hypervisor.prototype.dom0 = function (this: Hypervisor, ...args) {
  members.add(this);
  return dom0.apply(this, args);
};

beforeEach(() => {
  before = descriptors();
});

// Hooks that come later run earlier: by now a world's threads are reaped.
afterEach(async () => {
  const excused = takeReasons().length > 0;
  const hypervisors = [...booted];
  const attached = [...members];
  booted.clear();
  members.clear();
  if (!excused) {
    closeAll(attached);
    expect(hypervisors.flatMap(heldBy), "left behind").toEqual([]);
    members.clear();
  }
  const end = performance.now() + CLOSING_MS;
  while (openedSince(before).length > 0 && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(openedSince(before), "left open").toEqual([]);
});
