// A worker that runs programs of worker.mjs, one call after the other.

const CALL_MS = 10_000;

/** Index in the flags that a thread shares with its starter: not 0 ends its loops. */
export const STOP = 0;

export class Thread {
  tid;
  flags = new Int32Array(new SharedArrayBuffer(4));
  #worker;
  #calls = 0;
  #waiting = new Map();
  #notes = [];
  #failure;
  #dead = false;

  constructor(env, tid) {
    this.tid = tid;
    this.#worker = env.startWorker({
      message: (message) => this.#receive(message),
      error: (message) => this.#fail(new Error(`thread ${tid}: ${message}`)),
    });
  }

  /** Calls a program; resolves with what it returns. Rejects when it throws, or after 10 s. */
  async call(program, args = {}, transfer = []) {
    await this.note("ready");
    const id = ++this.#calls;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new Error(`thread ${this.tid}: ${program}: no answer after ${CALL_MS} ms`));
      }, CALL_MS);
      this.#waiting.set(id, { resolve, reject, timer });
      this.#worker.post({ id, program, args, flags: this.flags }, transfer);
    });
  }

  /** Waits for a note of a program that is running. */
  async note(text) {
    const end = performance.now() + CALL_MS;
    while (!this.#notes.includes(text)) {
      if (this.#failure) throw this.#failure;
      if (performance.now() > end) throw new Error(`thread ${this.tid}: no note ${text}`);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  /** Ends the loops of its programs. */
  stop() {
    Atomics.store(this.flags, STOP, 1);
    Atomics.notify(this.flags, STOP);
  }

  /** Ends it as it is, in the middle of whatever it does; resolves once it surely runs no more. */
  async kill() {
    if (this.#dead) return;
    this.#dead = true;
    this.stop();
    await this.#worker.terminate();
    this.#fail(new Error(`thread ${this.tid}: killed`));
  }

  /** As `kill`, without asking its loops to end before. */
  async murder() {
    this.#dead = true;
    await this.#worker.terminate();
    this.#fail(new Error(`thread ${this.tid}: killed`));
  }

  #receive({ id, value, error, note }) {
    if (note !== undefined) {
      this.#notes.push(note);
      return;
    }
    const call = this.#waiting.get(id);
    if (!call) return;
    this.#waiting.delete(id);
    clearTimeout(call.timer);
    if (error === undefined) call.resolve(value);
    else call.reject(new Error(`thread ${this.tid}: ${error}`));
  }

  #fail(error) {
    this.#failure ??= error;
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(error);
    }
    this.#waiting.clear();
  }
}
