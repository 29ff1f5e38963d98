// A thread dies before each of the writes that a call makes, one after the other, and what it left is
// taken back: every frame has one owner at any time (I9), and nothing is lost (I12).

import { describe, expect, it } from "vitest";
import * as layout from "../../assembly/public/layout.js";
import * as ops from "../../assembly/public/ops.js";
import { auditAtRest, auditReachable } from "../lib/frame-audit.js";
import { SteppedHypervisor, type SteppedThread } from "../lib/stepped-hypervisor.js";
import { die, Killed, type Stop } from "../lib/stepper.js";

const SHAPE = { subbufBytes: 2048, subbufCount: 4 };
/** Of three frames, in a run of four. */
const FACILITY = { name: "load", bytes: 9000, events: 3 };

/** dom0, which is CPU 0, and threads to come. */
class Scene {
  readonly world = new SteppedHypervisor(128, 4);
  readonly dom0: SteppedThread;
  #tids = 0;

  constructor() {
    this.dom0 = this.thread();
    expect(this.dom0.claim()).toBe(0);
    expect(this.dom0.join()).toBe(0);
  }

  thread(): SteppedThread {
    return this.world.thread(++this.#tids);
  }

  joined(): SteppedThread {
    const thread = this.thread();
    expect(thread.join()).toBeGreaterThan(0);
    return thread;
  }

  reap(dead: SteppedThread): void {
    this.thread().stepped.core.cpu_reap(dead.tid);
  }

  create(name: string, shape = SHAPE): void {
    expect(this.dom0.create(name, shape)).toBe(0);
  }

  destroy(name: string): void {
    expect(this.dom0.control(ops.OP_DESTROY, name)).toBe(0);
  }

  /** dom0 passes a quiescent point and frees what it can. */
  settle(): void {
    const { core } = this.dom0.stepped;
    core.cpu_quiesce();
    core.trace_settle();
  }

  /**
   * A call that is stopped, and then stopped again as `then` says, which dies in the end. @returns whether
   * it did
   */
  dies(thread: SteppedThread, stop: Stop, then: () => Stop, call: () => void): boolean {
    try {
      thread.stepped.stop(stop, then, call);
      return false;
    } catch (error) {
      if (error instanceof Killed) return true;
      throw error;
    }
  }

  /** Address of the only facility's description. */
  facility(): number {
    return this.world.memory.control(layout.CTL_FACILITIES_AT);
  }

  /** Frames of an owner, in ascending order. */
  framesOf(owner: number): number[] {
    const { memory } = this.world;
    const frames = Array.from({ length: memory.frames }, (_, mfn) => mfn);
    return frames.filter((mfn) => memory.owner(mfn) === owner);
  }

  reachable(): string[] {
    return auditReachable(this.world.memory);
  }

  /** dom0 resigns, or has died; another takes everything back. */
  end(living: readonly SteppedThread[]): string[] {
    for (const { stepped } of living) stepped.core.dom0_resign();
    for (const { stepped } of living) stepped.core.cpu_leave();
    const heir = this.thread();
    expect(heir.claim()).toBe(0);
    const found = auditAtRest(this.world.memory);
    for (const name of ["a", "b"]) heir.control(ops.OP_DESTROY, name);
    expect(heir.stepped.core.trace_settle()).toBe(1);
    return [...found, ...auditAtRest(this.world.memory)];
  }
}

/** Runs `play` with 1, 2, 3 ... until it says that the call was over before. @returns the findings */
function each(play: (n: number) => string[] | undefined): string[] {
  for (let n = 1; n < 1000; n++) {
    const found = play(n);
    if (!found) {
      expect(n).toBeGreaterThan(1);
      return [];
    }
    if (found.length > 0) return [`death ${n}`, ...found];
  }
  return [];
}

describe("a thread that dies while it joins", () => {
  it("and whose trace is destroyed before it is reaped, leaves a ring that is freed once", () => {
    const found = each((n) => {
      const scene = new Scene();
      scene.create("a");
      scene.create("b");
      const victim = scene.thread();
      if (!victim.stepped.kill({ write: n }, () => victim.join())) return undefined;
      scene.destroy("a");
      scene.reap(victim);
      // It takes what has come back for a ring of its own, before the trace's frames are freed.
      const other = scene.joined();
      const found = scene.reachable();
      other.stepped.core.cpu_quiesce();
      scene.settle();
      return [...found, ...scene.reachable(), ...scene.end([scene.dom0, other])];
    });
    expect(found).toEqual([]);
  });

  it("while its trace is being destroyed, leaves no pointer to its ring", () => {
    const found = each((n) => {
      for (let more = 1; more <= 3; more++) {
        const scene = new Scene();
        scene.create("a");
        const victim = scene.thread();
        let held = false;
        const then = () => {
          if (held) die();
          held = true;
          scene.destroy("a");
          return { write: more };
        };
        const died = scene.dies(victim, { write: n }, then, () => victim.join());
        if (!held) return undefined;
        if (!died) continue;
        scene.reap(victim);
        scene.settle();
        const found = [...scene.reachable(), ...auditAtRest(scene.world.memory)];
        if (found.length > 0) return [`${more} writes after`, ...found];
      }
      return [];
    });
    expect(found).toEqual([]);
  });
});

describe("a thread that dies while it registers a facility", () => {
  it("leaves a description that is the hypervisor's, or none", () => {
    const found = each((n) => {
      const scene = new Scene();
      const victim = scene.joined();
      if (!victim.stepped.kill({ write: n }, () => victim.facility(FACILITY))) return undefined;
      scene.reap(victim);
      const other = scene.joined();
      expect(other.facility({ ...FACILITY, name: "next" })).toBeGreaterThanOrEqual(0);
      const found = scene.reachable();
      expect(other.facility(FACILITY)).toBeGreaterThanOrEqual(0);
      return [...found, ...scene.reachable(), ...scene.end([scene.dom0, other])];
    });
    expect(found).toEqual([]);
  });

  it("leaves it to who registers it next, who need not wait for the reaping", () => {
    const found = each((n) => {
      const scene = new Scene();
      const victim = scene.joined();
      if (!victim.stepped.kill({ write: n }, () => victim.facility(FACILITY))) return undefined;
      const other = scene.joined();
      expect(other.facility(FACILITY)).toBe(0);
      const mfn = scene.facility() / layout.FRAME_BYTES;
      if (scene.dom0.stepped.core.frame_map(mfn, 3) !== 0) return ["dom0 cannot map it"];
      scene.reap(victim);
      return [...scene.reachable(), ...scene.end([scene.dom0, other])];
    });
    expect(found).toEqual([]);
  });

  it("leaves nothing that dom0 could map before it is published (I9)", () => {
    const found = each((n) => {
      const scene = new Scene();
      const { core } = scene.dom0.stepped;
      const victim = scene.joined();
      if (!victim.stepped.kill({ write: n }, () => victim.facility(FACILITY))) return undefined;
      const mapped = scene
        .framesOf(layout.OWNER_CPU + 1)
        .filter((mfn) => core.frame_map(mfn, 1) === 0);
      scene.reap(victim);
      for (const mfn of mapped) core.frame_unmap(mfn);
      return [...mapped.map((mfn) => `frame ${mfn} was mapped`), ...scene.end([scene.dom0])];
    });
    expect(found).toEqual([]);
  });
});

describe("a dom0 that dies", () => {
  it("while it creates a trace, for a CPU that has joined meanwhile, loses no frames", () => {
    const found = each((n) => {
      const scene = new Scene();
      const thread = scene.thread();
      // Held up between the rings of the CPUs that it saw and the trace's publication.
      const [frame = 0] = scene.world.memory.freeFrames().map((mfn) => mfn * layout.FRAME_BYTES);
      const { memory } = scene.world;
      let joined = false;
      const then = () => {
        if (joined) die();
        const filled = memory.word(frame + layout.TRACE_STATE_AT) === layout.TRACE_STOPPED;
        if (!filled) return { write: 1 };
        expect(memory.control(layout.CTL_TRACES_AT)).toBe(0);
        expect(thread.join()).toBe(1);
        joined = true;
        return { write: n };
      };
      const create = () => scene.create("a");
      if (!scene.dies(scene.dom0, { write: 1 }, then, create)) return undefined;
      scene.reap(scene.dom0);
      return [...scene.reachable(), ...scene.end([thread])];
    });
    expect(found).toEqual([]);
  });

  it("while it unmaps what is a destroyed trace's, whose index is in use again, loses no frames", () => {
    const found = each((n) => {
      const scene = new Scene();
      const { core } = scene.dom0.stepped;
      scene.create("a");
      const [data = 0] = scene
        .framesOf(layout.OWNER_TRACE)
        .filter((mfn) => core.frame_map(mfn, 2) === 0);
      scene.destroy("a");
      scene.settle();
      scene.create("b");
      if (!scene.dom0.stepped.kill({ write: n }, () => core.frame_unmap(data))) return undefined;
      scene.reap(scene.dom0);
      return scene.end([]);
    });
    expect(found).toEqual([]);
  });

  it("while it frees a destroyed trace loses no frames", () => {
    const found = each((n) => {
      const scene = new Scene();
      const { core } = scene.dom0.stepped;
      scene.create("a");
      scene.destroy("a");
      core.cpu_quiesce();
      const settle = () => core.trace_settle();
      // What it does after the frames are free, it does to each of the events.
      if (n > 40 || !scene.dom0.stepped.kill({ write: n }, settle)) return undefined;
      scene.reap(scene.dom0);
      return scene.end([]);
    });
    expect(found).toEqual([]);
  });
});

describe("a thread that dies while it enables an event", () => {
  it("of a trace that is destroyed just then, leaves no bit for the next trace", () => {
    const scene = new Scene();
    const { memory } = scene.world;
    scene.create("a");
    expect(scene.dom0.control(ops.OP_START, "a")).toBe(0);
    const victim = scene.joined();
    let held = false;
    const then = () => {
      if (held) die();
      held = true;
      scene.destroy("a");
      return { write: 1 };
    };
    // Into the trace's set, into the enabled table, and out of that again.
    const enable = () => victim.stepped.core.trace_enable_event(0, 7);
    expect(scene.dies(victim, { write: 2 }, then, enable)).toBe(true);
    const enabled = layout.ENABLED_AT + 7 * 4;
    expect(memory.word(enabled) & 1).toBe(1);
    scene.reap(victim);
    scene.settle();
    expect(memory.word(enabled)).toBe(0);
    expect(scene.end([scene.dom0])).toEqual([]);
  });
});
