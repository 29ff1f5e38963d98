// What a check boots and starts: all of it is ended after the check, whatever became of that.

import { Hypervisor } from "tbuf";
import { ok } from "./assert.mjs";
import { Thread } from "./thread.mjs";
import { withWriter } from "./writers.mjs";

export class Fixture {
  /** The adapter of the runtime. */
  env;
  #ends = [];
  #tids = 1;

  constructor(env) {
    this.env = env;
  }

  /** A hypervisor that is closed after the check; shared where that is possible. */
  boot(options = {}) {
    const hypervisor = Hypervisor.boot({ memoryBytes: 4 << 20, cpus: 8, ...options });
    this.onEnd(() => hypervisor.close());
    return hypervisor;
  }

  /** A hypervisor of which this thread is dom0 and a CPU. */
  start({ attach = {}, ...options } = {}) {
    const hypervisor = this.boot(options);
    const dom0 = hypervisor.dom0();
    const cpu = hypervisor.attach(withWriter(attach));
    return { hypervisor, dom0, cpu };
  }

  /**
   * `start`, and an active trace of the conformance facilities. Small sub-buffers, so that checks
   * come to their ends soon.
   */
  record(events, { attach, boot = {}, ...options } = {}) {
    const started = this.start({ attach, ...boot });
    const trace = started.dom0.createTrace("t", { events, subbufBytes: 4096, ...options });
    trace.start();
    return { ...started, trace };
  }

  /** A worker of its own thread that has joined `hypervisor`. */
  async spawn(hypervisor, options = {}) {
    const tid = this.#tids++;
    const thread = new Thread(this.env, tid);
    this.onEnd(() => thread.kill());
    await thread.call("join", { handle: hypervisor.handle(), tid, ...options });
    return thread;
  }

  /** Runs after the check, the last one first. */
  onEnd(end) {
    this.#ends.push(end);
  }

  async end() {
    for (const end of this.#ends.splice(0).reverse()) await end();
  }

  sleep(ms) {
    return sleep(ms);
  }

  /** Waits until `done()` holds. Throws when it does not in time. */
  async until(what, done, timeoutMs = 8000) {
    const end = performance.now() + timeoutMs;
    while (!done()) {
      ok(performance.now() < end, `${what}: not after ${timeoutMs} ms`);
      await sleep(2);
    }
  }
}

function sleep(ms) {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
