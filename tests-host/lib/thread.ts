// Threads under test: workers that run a program of tests-host/fixtures. Test and program share a
// few words, so that the program can be steered and looked at while it never returns to its loop.

import { Worker } from "node:worker_threads";
import type { Hypervisor } from "../../src/index.js";

/** Words that a program shares with its test; fixtures/thread-kit.mjs has them too. */
export const STOP = 0;
export const ATTEMPTS = 1;
export const ROUNDS = 2;
const WORDS = 16;

export interface ThreadOptions {
  /** What the program is told besides the handle. */
  readonly data?: Readonly<Record<string, unknown>>;
  /** Resolve `ready` when the worker runs, and not when it says that it has joined. */
  readonly online?: boolean;
}

export class Thread {
  readonly tid: number;
  readonly words: Int32Array = new Int32Array(
    new SharedArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT),
  );
  /** Resolves with the program's first message. Rejects when it ends before. */
  readonly ready: Promise<unknown>;
  readonly exited: Promise<number>;
  readonly messages: unknown[] = [];
  readonly #hypervisor: Hypervisor;
  readonly #worker: Worker;
  #cpu: number | undefined;
  #over = false;
  #reaped = false;

  constructor(hypervisor: Hypervisor, program: string, options: ThreadOptions = {}) {
    this.#hypervisor = hypervisor;
    const worker = new Worker(new URL(`../fixtures/${program}.mjs`, import.meta.url), {
      workerData: { handle: hypervisor.handle(), words: this.words, ...options.data },
      execArgv: [],
    });
    this.#worker = worker;
    this.tid = worker.threadId;
    let failure: unknown;
    worker.on("error", (error) => {
      failure = error;
    });
    this.exited = new Promise((resolve) => {
      worker.once("exit", (code) => {
        this.#over = true;
        resolve(code);
      });
    });
    this.ready = new Promise((resolve, reject) => {
      if (options.online) worker.once("online", () => resolve(undefined));
      worker.on("message", (message: { cpu?: number }) => {
        this.messages.push(message);
        this.#cpu ??= message.cpu;
        resolve(message);
      });
      worker.once("exit", (code) => {
        reject(failure ?? new Error(`${program} ended with code ${code} before it was ready`));
      });
    });
    this.ready.catch(() => {});
  }

  /** CPU that the program has said it is. */
  get cpu(): number {
    if (this.#cpu === undefined) throw new Error("the program has not told its CPU");
    return this.#cpu;
  }

  /** Record calls that the program has begun. */
  get attempts(): number {
    return Atomics.load(this.words, ATTEMPTS);
  }

  get rounds(): number {
    return Atomics.load(this.words, ROUNDS);
  }

  get over(): boolean {
    return this.#over;
  }

  post(message: unknown): void {
    this.#worker.postMessage(message);
  }

  /** Lets the program come to its end by itself: it detaches. Resolves with the exit code. */
  async stop(): Promise<number> {
    Atomics.store(this.words, STOP, 1);
    Atomics.notify(this.words, STOP);
    return this.exited;
  }

  /** Terminates the worker wherever it is, without a word to the hypervisor. */
  async terminate(): Promise<void> {
    if (!this.#over) await this.#worker.terminate();
    await this.exited;
  }

  /** Tells the hypervisor of the death. */
  reap(): number {
    this.#reaped = true;
    return this.#hypervisor.reap(this.tid);
  }

  /** Terminates and reaps. May be called twice. */
  async kill(): Promise<void> {
    await this.terminate();
    if (!this.#reaped) this.reap();
  }
}
