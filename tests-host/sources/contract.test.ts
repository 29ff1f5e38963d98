// What every source in the table keeps to: it records what it says, and once it is disposed of nothing of it is left.

import { type EventEmitter, once } from "node:events";
import http from "node:http";
import net from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Disposable } from "../../src/dispose.js";
import type { Dom0, Hypervisor, Trace } from "../../src/index.js";
import { openContext, type ThreadContext } from "../../src/node/sources/context.js";
import { sources } from "../../src/node/sources/index.js";
import type { Source } from "../../src/node/sources/source.js";
import { attachThread } from "../../src/node/threads/attach.js";
import { installEach } from "../../src/sources/install.js";
import { turn } from "../../src/sources/turn.js";
import { api, WRITER } from "../lib/guests.js";
import { differences, hooks, muteExit } from "../lib/hooks.js";
import { decode, drained } from "../lib/records.js";
import { until, useWorld } from "../lib/world.js";

const world = useWorld();
const resolved = (start: (done: () => void) => unknown) => new Promise<void>((done) => start(done));

/** A turn in which the loop is idle, and is told to have been. */
async function idleTurn(): Promise<void> {
  const { idleTime } = performance.nodeTiming;
  // On a busy machine the time may be over before the loop gets to wait.
  while (performance.nodeTiming.idleTime === idleTime) {
    await resolved((done) => setTimeout(done, 20));
  }
  await resolved(setImmediate);
}

/** A turn that takes long, with more to run after it. */
async function busyTurn(): Promise<void> {
  await resolved(setImmediate);
  const end = performance.now() + 2;
  while (performance.now() < end);
  await resolved(setImmediate);
  await resolved(setImmediate);
}

/** What these record may come more often: the test runner, too, keeps the loop turning. */
const anyNumber: ReadonlySet<string> = new Set(["loop", "idle"]);

/** By a source's name: what makes it record each of its events once, here. A new source needs an entry. */
const provocations: Readonly<Record<string, () => Promise<void>>> = {
  async thread() {
    process.emit("exit", 0);
  },
  async errors() {
    const own = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    const emitter: EventEmitter = process;
    emitter.emit("uncaughtExceptionMonitor", new Error("on purpose"), "uncaughtException");
    for (const listener of own) process.on("uncaughtException", listener);
  },
  async workers() {
    const worker = await world.spawn(hypervisor, "thread-load", { data: { limit: 1 } });
    await worker.terminate();
  },
  async loop() {
    await idleTurn();
    await busyTurn();
  },
  idle: idleTurn,
  async http() {
    const answer = http.createServer((_request, response) => response.end("hi"));
    await withServer(answer, async (port) => {
      const socket = net.connect(port, "127.0.0.1");
      socket.end("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
      await once(socket.resume(), "close");
    });
    await withServer(rawServer(), async (port) => {
      const request = http.get({ port, agent: false }, (response) => response.resume());
      await once(request, "close");
      await (await fetch(`http://127.0.0.1:${port}/`)).text();
    });
  },
  async gc() {
    forceGc();
    // The observer hears of it in a later turn.
    await new Promise((done) => setTimeout(done, 20));
  },
  async timers() {
    await resolved(setImmediate);
    await resolved((done) => setTimeout(done, 0));
    await resolved((done) => {
      const interval = setInterval(() => {
        clearInterval(interval);
        done();
      }, 1);
    });
  },
  async wasm() {
    const wasi_snapshot_preview1 = { fd_write: () => 0 };
    const { instance } = await api().instantiate(WRITER, { wasi_snapshot_preview1 });
    instance.exports.run?.();
  },
  async "wasm-exports"() {
    const wasi_snapshot_preview1 = { fd_write: () => 0 };
    const { instance } = await api().instantiate(WRITER, { wasi_snapshot_preview1 });
    const { nothing } = instance.exports;
    nothing?.();
    await Promise.resolve();
    // As the source of timers has it.
    turn.inTimer = true;
    nothing?.();
    turn.inTimer = false;
    await Promise.resolve();
  },
};

/** By a source's name: events that its provocation causes more than once. */
const several: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  // An interrupt is an entry, of whichever kind.
  "wasm-exports": { vmx_vmentry: 2, vmx_vmexit: 2 },
};

/** A garbage collection that V8 did not choose itself. */
function forceGc(): void {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
}

/** Runs `use` with the port of a server, and closes it. */
async function withServer(server: net.Server, use: (port: number) => Promise<void>): Promise<void> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  await use((server.address() as net.AddressInfo).port);
  server.close();
  await once(server, "close");
}

/** A server of http that is none of Node's. */
function rawServer(): net.Server {
  return net.createServer((socket) => {
    socket.once("data", () => {
      socket.end("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nhi");
    });
  });
}

let hypervisor: Hypervisor;
let dom0: Dom0;
let trace: Trace;
let context: ThreadContext;
let unmute: () => void;

beforeEach(() => {
  unmute = muteExit();
  hypervisor = world.boot();
  dom0 = hypervisor.dom0();
  attachThread(hypervisor);
  trace = dom0.createTrace("t", { events: "all" });
  trace.start();
  drained(trace);
  context = openContext(hypervisor);
});

afterEach(() => {
  context.dispose();
  unmute();
});

/** How often each event of the source was recorded since the last call; at most `most` where nobody knows. */
function recorded({ name, facility, events }: Source, most: number): Record<string, number> {
  const counts = Object.fromEntries(events.map((event) => [event, 0]));
  for (const { event, fields } of decode(dom0, drained(trace))) {
    // V8 collects when it likes, too.
    if (event === "node_gc:gc" && !fields.forced) continue;
    const short = event.replace(`${facility.name}:`, "");
    const count = counts[short];
    if (count === undefined) continue;
    counts[short] = anyNumber.has(name) ? Math.min(count + 1, Math.max(most, 1)) : count + 1;
  }
  return counts;
}

function times(source: Source, n: number): Record<string, number> {
  const times = several[source.name] ?? {};
  return Object.fromEntries(source.events.map((event) => [event, n * (times[event] ?? 1)]));
}

/** Provokes the source, and expects that it has recorded each of its events `n` times. */
async function expectRecorded(source: Source, n: number): Promise<void> {
  // The program of the worker, which joins, records too.
  await provocations[source.name]?.();
  expect(recorded(source, n)).toEqual(times(source, n));
}

const install = (source: Source): Disposable => installEach([source], context);

it("has a provocation of each source", () => {
  expect(Object.keys(provocations).sort()).toEqual(sources.map(({ name }) => name).sort());
});

describe.each(sources.map((source) => [source.name, source] as const))("%s", (_name, source) => {
  it("records its events, and nothing once it is disposed of", async () => {
    await expectRecorded(source, 0);
    const installed = install(source);
    await expectRecorded(source, 1);
    installed.dispose();
    installed.dispose();
    await expectRecorded(source, 0);
  });

  it("leaves all functions and listeners as they were", () => {
    const before = hooks();
    install(source).dispose();
    expect(differences(before, hooks())).toEqual([]);
  });

  it.each(["first", "last"])("may be installed twice, and go %s", async (order) => {
    const before = hooks();
    const both = [install(source), install(source)];
    if (order === "last") both.reverse();
    await expectRecorded(source, 2);
    both[0]?.dispose();
    // The end of a thread comes once: both have heard it.
    await expectRecorded(source, source.name === "thread" ? 0 : 1);
    both[1]?.dispose();
    expect(differences(before, hooks())).toEqual([]);
    await expectRecorded(source, 0);
  });
});

it("records no timer that was set before its source was disposed of", async () => {
  const timers = sources.filter(({ name }) => name === "timers");
  const installed = installEach(timers, context);
  let fired = 0;
  const interval = setInterval(() => fired++, 1);
  const all = [
    new Promise<void>((done) => setTimeout(done, 5)),
    new Promise<void>((done) => setImmediate(done)),
  ];
  installed.dispose();
  await Promise.all(all);
  await until("the interval has fired", () => fired > 1);
  clearInterval(interval);
  for (const source of timers) expect(recorded(source, 0)).toEqual(times(source, 0));
});
