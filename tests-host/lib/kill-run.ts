// Random threads that join, leave, record, register, reap and play dom0, and die or are held up before
// a random access of any of that. In the end all is taken back, and nothing may be left.

import * as layout from "../../assembly/public/layout.js";
import * as ops from "../../assembly/public/ops.js";
import { auditAtRest, auditReachable } from "./frame-audit.js";
import {
  type Actor,
  claim,
  cpuDeeds,
  type Deed,
  dom0Deeds,
  leave,
  resign,
  TRACE_NAMES,
} from "./kill-deeds.js";
import type { Memory } from "./memory.js";
import { Random } from "./random.js";
import { SteppedHypervisor } from "./stepped-hypervisor.js";
import { Killed, type Stop } from "./stepper.js";

const STEPS = 100;
const THREADS = 5;
/** How deep one thread may be held up within another that is held up. */
const DEPTH = 2;
const GARBAGE = Buffer.alloc(layout.FRAME_BYTES, 0xdb);

class Round {
  readonly #random: Random;
  readonly #world = new SteppedHypervisor(192, 8);
  readonly #memory: Memory = this.#world.memory;
  readonly #log: string[] = [];
  #actors: Actor[] = [];
  /** Numbers of the threads that died and are not reaped. */
  #dead: number[] = [];
  #tid = 0;
  kills = 0;
  /** Generations of the frames that were free, and filled with garbage, a step ago. */
  readonly #filled = new Map<number, number>();

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  /** Throws what it finds, with all that was done before. */
  run(): void {
    try {
      for (let i = 0; i < STEPS; i++) {
        while (this.#actors.length < THREADS) this.#spawn();
        this.#step(0);
        this.#expect(auditReachable(this.#memory));
        this.#expect(this.#spoilFree());
      }
      this.#windUp();
    } catch (error) {
      throw new Error(`${String(error)}\n${this.#log.join("\n")}`, { cause: error });
    }
  }

  #expect(found: readonly string[]): void {
    if (found.length > 0) throw new Error(found.join("\n"));
  }

  #spawn(): Actor {
    const thread = this.#world.thread(++this.#tid);
    const actor = { thread, joined: false, busy: false, mapped: [] };
    this.#actors.push(actor);
    return actor;
  }

  #step(depth: number): void {
    const idle = this.#actors.filter(({ busy }) => !busy);
    if (idle.length === 0) return;
    const dom0 = idle.filter(({ thread }) => thread.stepped.core.dom0_held());
    const actor = this.#random.pick(this.#random.chance(0.4) && dom0.length > 0 ? dom0 : idle);
    const deeds = this.#deeds(actor);
    let at = this.#random.below(deeds.reduce((sum, { weight }) => sum + weight, 0));
    const deed = deeds.find(({ weight }) => {
      at -= weight;
      return at < 0;
    });
    if (deed) this.#do(actor, deed, depth);
  }

  #deeds(actor: Actor): Deed[] {
    const deeds = cpuDeeds(actor, this.#random);
    if (this.#dead.length > 0) {
      const tid = this.#random.pick(this.#dead);
      const act = () => this.#reap(actor, tid);
      // One that has no CPU has no number either, by which the slot that it is at could be found.
      deeds.push({ what: `reap ${tid}`, weight: 2, mortal: actor.joined, act });
    }
    if (this.#memory.control(layout.CTL_DOM0_AT) === 0) deeds.push(claim(actor));
    if (actor.thread.stepped.core.dom0_held()) {
      deeds.push(...dom0Deeds(actor, this.#memory, this.#random));
    }
    return deeds;
  }

  #reap({ thread }: Actor, tid: number): void {
    thread.stepped.core.cpu_reap(tid);
    this.#dead = this.#dead.filter((other) => other !== tid);
  }

  /** Does it to its end, or not: held up or killed on the way. */
  #do(actor: Actor, { what, act, mortal = true, walks = false }: Deed, depth: number): void {
    const dies = mortal && this.#random.chance(0.3);
    const others = depth < DEPTH && this.#random.chance(0.4) ? 1 + this.#random.below(4) : 0;
    const { tid, stepped } = actor.thread;
    const say = (text: string) => this.#log.push(`${"  ".repeat(depth)}${tid}: ${text}`);
    say(what);
    if (!dies && others === 0) {
      act();
      return;
    }
    const stop = this.#somewhere(walks);
    const reached = () => {
      if (others > 0) say(`held up before ${JSON.stringify(stop)} of ${what}`);
      for (let i = 0; i < others; i++) this.#step(depth + 1);
      this.#expect(auditReachable(this.#memory));
      if (dies) throw new Killed();
      return undefined;
    };
    actor.busy = true;
    try {
      stepped.stop(stop, reached, act);
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
      say(`killed before ${JSON.stringify(stop)} of ${what}`);
      this.#bury(actor);
    }
    actor.busy = false;
  }

  #bury(actor: Actor): void {
    this.kills++;
    this.#actors = this.#actors.filter((other) => other !== actor);
    this.#dead.push(actor.thread.tid);
  }

  /** What matters most lies before, between and after the walks over the enabled table. */
  #somewhere(walks: boolean): Stop {
    const walked = walks ? this.#random.pick([0, 0, 1, 1, 2]) * layout.EVENTS_MAX : 0;
    const at = 1 + walked + this.#random.below(this.#random.pick([10, 30, 60, 120]));
    return this.#random.chance(0.8) ? { write: at } : { access: at * 2 };
  }

  /** Whoever writes to a free frame is found: it holds garbage, and keeps it. */
  #spoilFree(): string[] {
    const { buffer } = this.#memory;
    const found: string[] = [];
    for (let mfn = this.#memory.firstFrame; mfn < this.#memory.frames; mfn++) {
      const generation = this.#memory.frame(mfn, layout.FRAME_SHARE_AT) >>> 1;
      // One that was never used has to be zero.
      if (this.#memory.owner(mfn) !== 0 || generation === 0) continue;
      const frame = Buffer.from(buffer, mfn * layout.FRAME_BYTES, layout.FRAME_BYTES);
      if (this.#filled.get(mfn) !== generation) {
        GARBAGE.copy(frame);
        this.#filled.set(mfn, generation);
      } else if (!frame.equals(GARBAGE)) {
        found.push(`frame ${mfn} is free and was written to`);
      }
    }
    return found;
  }

  /** All that lives leaves or dies, the dead are reaped, and a last dom0 takes all back. */
  #windUp(): void {
    for (const actor of this.#actors) {
      if (actor.thread.stepped.core.dom0_held()) this.#do(actor, resign(actor), DEPTH);
    }
    for (const actor of this.#actors) {
      if (actor.joined) this.#do(actor, leave(actor), DEPTH);
    }
    const heir = this.#spawn();
    for (const tid of this.#dead) this.#reap(heir, tid);
    this.#do(heir, claim(heir), DEPTH);
    const last = this.#spawn();
    for (const tid of this.#dead) this.#reap(last, tid);
    // Taken already, unless the heir is dead.
    const { thread } = last.thread.claim() === 0 ? last : heir;
    const { core } = thread.stepped;
    this.#log.push("at rest");
    this.#expect(auditAtRest(this.#memory));
    for (const name of TRACE_NAMES) thread.control(ops.OP_DESTROY, name);
    if (core.trace_settle() !== 1) throw new Error("it does not settle");
    core.dom0_resign();
    this.#log.push("all destroyed");
    this.#expect([...auditAtRest(this.#memory), ...auditEmpty(this.#memory)]);
    this.#expect(this.#spoilFree());
  }
}

/** What is not as it was after boot, but for frames: those of facilities and scratch areas stay. */
function auditEmpty(memory: Memory): string[] {
  const found: string[] = [];
  const zero = (what: string, word: number) => {
    if (word !== 0) found.push(`${what} is ${word}`);
  };
  zero("dom0", memory.control(layout.CTL_DOM0_AT));
  zero("active traces", memory.control(layout.CTL_ACTIVE_AT));
  zero("pending", memory.control(layout.CTL_PENDING_AT));
  zero("traces", memory.traces().length);
  for (let event = 0; event < layout.EVENTS_MAX; event++) {
    zero(`enabled word ${event}`, memory.word(layout.ENABLED_AT + event * 4));
  }
  for (let cpu = 0; cpu < memory.cpus; cpu++) {
    zero(`CPU ${cpu}: state`, memory.cpu(cpu, layout.CPU_STATE_AT));
    zero(`CPU ${cpu}: tid`, memory.cpu(cpu, layout.CPU_TID_AT));
  }
  return found;
}

/**
 * Rounds on fresh memory until so many threads were killed. Throws an Error with the findings, and with
 * the seed that begins with the very round. @returns the kills and rounds that there were
 */
export function killRun(seed: number, kills: number): { kills: number; rounds: number } {
  let killed = 0;
  let rounds = 0;
  while (killed < kills) {
    const round = new Round(seed + rounds);
    try {
      round.run();
    } catch (error) {
      throw new Error(`seed ${seed + rounds}: ${String(error)}`, { cause: error });
    }
    killed += round.kills;
    rounds++;
  }
  return { kills: killed, rounds };
}
