// What worker threads of the checks run: programs that are called by name. The same file in every
// runtime; only the port differs.

import { defineFacility, facility, field, Hypervisor, i32, join, u32, VIRQ_TBUF } from "tbuf";
import { guestImports } from "tbuf/guest";
import { conf, golden } from "./facilities.mjs";
import { GUEST } from "./lib/guest.mjs";
import { LOOPS } from "./lib/loops.mjs";
import { decode } from "./lib/records.mjs";
import { STOP } from "./lib/thread.mjs";
import { withWriter } from "./lib/writers.mjs";

const port = await openPort();
/** This thread's number: by it, what it holds is taken from it when it has died. */
let own;
let hypervisor;
let cpu;
let flags;

async function openPort() {
  if (typeof WorkerGlobalScope !== "undefined" && globalThis.self) return globalThis.self;
  const { parentPort } = await import("node:worker_threads");
  return parentPort;
}

const note = (text) => port.postMessage({ note: text });
const stopped = () => Atomics.load(flags, STOP) !== 0;
const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

/** A clock that moves in steps of so many milliseconds. */
const stepping = (stepMs) => ({ now: () => Math.floor(performance.now() / stepMs) * stepMs });

const programs = {
  /** Joins, finds out about its clock when asked to, and becomes a CPU when asked to. */
  async join({ handle, tid, parent, calibrate = false, attach = {}, stepMs }) {
    hypervisor = Hypervisor.join(handle);
    own = tid;
    const errorNs = calibrate ? await hypervisor.calibrate() : undefined;
    if (attach === null) return { errorNs };
    const clock = stepMs === undefined ? {} : { clock: stepping(stepMs) };
    cpu = hypervisor.attach({
      tid,
      ...(parent !== undefined && { parent }),
      ...clock,
      ...withWriter(attach),
    });
    return { cpu: cpu.index, domain: cpu.domain, errorNs };
  },

  /** What `join` throws for a handle, by code. */
  tryJoin({ handle }) {
    try {
      join(handle);
      return "joined";
    } catch (error) {
      return error.code;
    }
  },

  /** All of a recording thread's life, by what `join` gives, which has no dom0. */
  async member({ handle, tid, thread, count }) {
    const member = join(handle);
    await member.calibrate();
    member.attach({ tid });
    for (let n = 0; n < count; n++) conf.pair(thread, n);
    const { index } = member.cpu;
    member.close();
    return { cpu: index, hasDom0: "dom0" in member };
  },

  /** Notifies a port of dom0's; the code of what it throws. */
  notify({ port }) {
    try {
      hypervisor.notify(port);
      return undefined;
    } catch (error) {
      return error.code;
    }
  },

  attach(options) {
    cpu = hypervisor.attach(withWriter(options));
    return cpu.index;
  },

  detach() {
    cpu.detach();
  },

  close() {
    hypervisor.close();
  },

  record({ thread, from = 0, count }) {
    for (let n = from; n < from + count; n++) conf.pair(thread, n);
    return { records: count };
  },

  texts({ count }) {
    for (let n = 0; n < count; n++) conf.text(`text ${n} \u00fc`.repeat((n % 7) + 1), n);
  },

  batch({ thread, count }) {
    conf.pair.writeMany(
      Int32Array.from({ length: 2 * count }, (_, i) => (i % 2 ? i >> 1 : thread)),
    );
  },

  golden() {
    golden.none();
    return hypervisor.cpu?.index;
  },

  /** Records without a rest until it is told to stop; the event loop never comes round. */
  flood({ thread, from = 0 }) {
    note("flooding");
    let n = from;
    while (!stopped()) {
      for (let i = 0; i < 16; i++) conf.pair(thread, n++);
    }
    return { records: n - from };
  },

  /** Records, and lets the event loop come round now and then. */
  async stream({ thread, burst = 64 }) {
    note("streaming");
    let n = 0;
    while (!stopped()) {
      for (let i = 0; i < burst; i++) conf.pair(thread, n++);
      await turn();
    }
    return { records: n };
  },

  /** Records some, and then stands still for ever. */
  hang({ thread, count }) {
    for (let n = 0; n < count; n++) conf.pair(thread, n);
    note("hanging");
    Atomics.wait(flags, STOP, 0);
  },

  /** Is in a loop of lib/loops.mjs; told to stop, it ends with the next record. */
  spin({ loop }) {
    const end = new Error("told to stop");
    const now = () => {
      if (stopped()) throw end;
      return performance.now();
    };
    cpu = hypervisor.attach({ tid: own, clock: { now } });
    const guest = guestImports(cpu, [defineFacility("loop", { pass: [] })]).tbuf;
    note("spinning");
    try {
      LOOPS[loop](guest);
    } catch (error) {
      if (error !== end) throw error;
    }
  },

  /** Counts the free frames until they change; by how many. */
  countFrames() {
    note("counting");
    const before = hypervisor.frames().free;
    let now = before;
    while (now === before) now = hypervisor.frames().free;
    return before - now;
  },

  /** Keeps the coarse time fresh until it is told to stop. */
  tick({ everyMs }) {
    note("ticking");
    hypervisor.runTicker(stopped, { everyMs });
  },

  /** Is dom0, in place of the thread that booted. */
  control({ operation, name, options = {} }) {
    const dom0 = hypervisor.dom0(own);
    if (operation === "create") dom0.createTrace(name, options);
    else dom0.openTrace(name)[operation]();
    return dom0.facilities().length;
  },

  /** Reads a trace as dom0, woken by VIRQ_TBUF, until it has so many records of one event. */
  async consume({ name, event, count }) {
    const dom0 = hypervisor.dom0(own);
    const trace = dom0.openTrace(name);
    let raised = 0;
    dom0.bindVirq(VIRQ_TBUF, () => raised++);
    note("consuming");
    const numbers = [];
    const ended = new AbortController();
    for await (const packet of trace.packets({ signal: ended.signal, pollMs: 10 })) {
      for (const record of decode(dom0, [packet])) {
        if (record.event === event) numbers.push(record.fields.n);
      }
      if (numbers.length >= count) ended.abort();
    }
    dom0.close();
    return { numbers, raised };
  },

  /** Tries an operation that is dom0's. */
  tryDom0() {
    try {
      hypervisor.dom0(own);
      return "dom0";
    } catch (error) {
      return error.code;
    }
  },

  /** Defines a facility of the name, as the starter has or not, and returns what is thrown. */
  define({ name, alike }) {
    try {
      const made = facility(name, { hit: [field("n", alike ? u32 : i32)] });
      made.hit(7);
      return "defined";
    } catch (error) {
      return error.code;
    }
  },

  async guest({ times }) {
    const definition = defineFacility("guest", { square: [field("i", u32), field("square", u32)] });
    const imports = guestImports(cpu, [definition]);
    const { instance } = await WebAssembly.instantiate(GUEST.slice(), imports);
    instance.exports.run(times);
  },

  /** Two readings of its clock, around a record. */
  stamp({ thread, n }) {
    conf.pair(thread, n);
  },

  free() {
    return hypervisor.frames().free;
  },
};

async function receive({ id, program, args, flags: given }) {
  flags = given;
  try {
    port.postMessage({ id, value: await programs[program](args) });
  } catch (error) {
    port.postMessage({ id, error: `${program}: ${error?.stack ?? error}` });
  }
}

if (port === globalThis.self) port.onmessage = ({ data }) => receive(data);
else port.on("message", receive);
// Nothing may be sent before somebody listens. A lock that only this thread's end gives back tells
// its starter of that end; the runtimes that have none have an event for it, or nothing.
const { name } = globalThis.self ?? {};
const locks = globalThis.navigator?.locks;
if (locks && name)
  locks.request(name, () => new Promise(() => port.postMessage({ note: "ready" })));
else port.postMessage({ note: "ready" });
