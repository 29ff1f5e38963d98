// Threads join, leave and die while traces are created and destroyed: at the end every frame is
// free but for scratch areas and facilities, and nothing is in quarantine (I9, I12).

import { describe, expect, it } from "vitest";
import { OWNER_CPU } from "../../assembly/public/layout.js";
import type { Dom0, Hypervisor } from "../../src/index.js";
import { checkInvariants } from "../lib/invariants.js";
import { Memory } from "../lib/memory.js";
import type { Thread } from "../lib/thread.js";
import { sleep, useWorld } from "../lib/world.js";

const world = useWorld();
const RUN_MS = 1200;
/** For a busy machine, on which little happens in that time. */
const RUN_MS_MAX = 20_000;

/** Whether a storm that began at `begin` goes on: for a while, and until enough has happened. */
function goesOn(begin: number, enough: boolean): boolean {
  const ms = performance.now() - begin;
  return ms < RUN_MS || (!enough && ms < RUN_MS_MAX);
}

/** Creates, starts, reads and destroys traces of many shapes for a while. */
async function churn(
  dom0: Dom0,
  enough: () => boolean,
  each: (round: number) => Promise<void> = async () => {},
) {
  const begin = performance.now();
  let created = 0;
  for (let round = 0; goesOn(begin, created > 20 && enough()); round++) {
    const names = ["a", "b", "c"].slice(0, 1 + (round % 3));
    const traces = names.map((name, i) =>
      dom0.createTrace(`${name}${round}`, {
        subbufBytes: 1024 << ((round + i) % 4),
        mode: (round + i) % 2 ? "discard" : "overwrite",
      }),
    );
    for (const trace of traces) trace.start();
    if (round % 4 === 0) await sleep(1);
    for (const trace of traces) {
      trace.drain(({ records }) => expect(records).toBeGreaterThan(0));
      expect(trace.info().corrupt).toEqual([]);
      trace.destroy();
    }
    created += traces.length;
    if (round % 3 === 0) dom0.settle();
    // At most 31 traces are there at a time, those in quarantine with them.
    if (round % 8 === 7) expect(await dom0.settled(5000)).toBe(true);
    await each(round);
  }
  return created;
}

async function expectAllFree(hypervisor: Hypervisor, dom0: Dom0): Promise<void> {
  expect(await dom0.settled(5000), "nothing in quarantine").toBe(true);
  const memory = new Memory(hypervisor);
  expect(memory.traces()).toEqual([]);
  const owners = [...memory.owners().keys()];
  expect(owners.filter((owner) => owner < OWNER_CPU)).toEqual([]);
  checkInvariants(hypervisor);
  expect(hypervisor.frames().free).toBe(memory.freeFrames().length);
}

describe("joining and leaving", () => {
  it("leaves no frame behind while traces come and go (I9)", async () => {
    const hypervisor = world.boot({ cpus: 3 });
    const dom0 = hypervisor.dom0();
    const threads: Thread[] = [];
    for (let i = 0; i < 3; i++) {
      threads.push(await world.spawn(hypervisor, "thread-storm", { online: true }));
    }
    const created = await churn(dom0, () => threads.every(({ rounds }) => rounds > 10));
    expect(created).toBeGreaterThan(20);
    const codes = await Promise.all(threads.map((thread) => thread.stop()));
    expect(codes).toEqual([0, 0, 0]);
    for (const thread of threads) expect(thread.rounds).toBeGreaterThan(10);
    await expectAllFree(hypervisor, dom0);
  });

  it("leaves no frame behind when memory is scarce (I9)", async () => {
    const hypervisor = world.boot({ cpus: 4, memoryBytes: 5 * 65536 });
    const dom0 = hypervisor.dom0();
    const threads: Thread[] = [];
    for (let i = 0; i < 3; i++) {
      threads.push(await world.spawn(hypervisor, "thread-storm", { online: true }));
    }
    const begin = performance.now();
    let refused = 0;
    for (let round = 0; goesOn(begin, refused > 0); round++) {
      try {
        dom0.createTrace(`t${round}`, { subbufBytes: 4096, subbufCount: 8 }).start();
      } catch (error) {
        expect(error).toMatchObject({ code: "no-memory" });
        refused++;
      }
      if (round % 2) {
        await sleep(1);
        for (let i = 0; i <= round; i++) dom0.ops.destroy(`t${i}`);
      }
    }
    await Promise.all(threads.map((thread) => thread.stop()));
    for (let round = 0; round < 100_000 && new Memory(hypervisor).traces().length > 0; round++) {
      dom0.ops.destroy(`t${round}`);
      dom0.settle();
    }
    expect(refused).toBeGreaterThan(0);
    await expectAllFree(hypervisor, dom0);
  });
});

describe("joining and dying", () => {
  it("leaves no frame behind while traces come and go (I9, I12)", async () => {
    const hypervisor = world.boot({ cpus: 16 });
    const dom0 = hypervisor.dom0();
    const threads = new Set<Thread>();
    const spawn = async () => {
      threads.add(await world.spawn(hypervisor, "thread-storm", { online: true }));
    };
    await spawn();
    await spawn();
    let deaths = 0;
    const enough = () => deaths > 3;
    await churn(dom0, enough, async (round) => {
      if (round % 5 !== 0) return;
      await sleep(Math.random() * 10);
      const [victim] = threads;
      if (!victim) return;
      threads.delete(victim);
      await victim.kill();
      deaths++;
      await spawn();
    });
    expect(deaths).toBeGreaterThan(3);
    await Promise.all([...threads].map((thread) => thread.kill()));
    await expectAllFree(hypervisor, dom0);
  });
});
