// dom0 of a recorded program, in a thread of its own: creates the trace, drains it to files while
// the program runs, and finishes when it is told to. It never writes to its stdout or stderr, which would
// need the main thread's help and have the program's own streams fail for it.

import { writeSync } from "node:fs";
import { constants } from "node:os";
import { dirname } from "node:path";
import { threadId, workerData } from "node:worker_threads";
import type { HypervisorHandle } from "../../cpu/member.js";
import { messageOf } from "../../errors.js";
import type { Dom0, Packet, Trace } from "../../host/index.js";
import { Hypervisor } from "../../hypervisor.js";
import type { PacketOutput } from "../../recording/recording.js";
import { ThreadNames } from "../../recording/thread-names.js";
import { CtfWriter, type CtfWriterOptions } from "../files/ctf-writer.js";
import { checkDiskSpace } from "../files/disk-space.js";
import { RotatingWriter } from "../files/rotating-writer.js";
import { introduce } from "../threads/introduce.js";
import { schedEvents } from "../threads/sched-events.js";
import { RecordChannel } from "./channel.js";
import {
  type RecorderData,
  STATE_FINISHED,
  STATE_RECORDING,
  TRACE_NAME,
  WORD_HANDLED,
  WORD_STATE,
  WORD_STOP,
} from "./config.js";
import { Flight } from "./flight.js";

/** A thread that is blocked, or busy and not recording, is not waited for longer than this. */
const QUIET_MS = 250;

const { config, handle, words, flightWords, env } = workerData as RecorderData;
const stop = new AbortController();
// In the directory of a process of several, the journal is in the one above.
const root = config.children ? dirname(config.dir) : config.dir;
const channel = new RecordChannel(config.fd, root);

function setState(state: number): void {
  Atomics.store(words, WORD_STATE, state);
  Atomics.notify(words, WORD_STATE);
}

/** Ends the recording when the main thread asks: it waits for the state, so it cannot send. */
function listenToMain(): void {
  const { async, value } = Atomics.waitAsync(words, WORD_STOP, 0);
  if (async) value.then(() => stop.abort());
  else stop.abort();
}

/**
 * `tbuf record` has got a signal. If the program handles it, the program shall be recorded while it
 * does; if not, the program is about to die, and the recording ends first.
 */
function onSignal(signal: string): void {
  if (signal === "SIGUSR2") {
    flight?.dump(["SIGUSR2 to tbuf record"]);
    return;
  }
  const number = constants.signals[signal as NodeJS.Signals] ?? 0;
  const handled = (Atomics.load(words, WORD_HANDLED) >> number) & 1;
  if (handled) channel.tell({ type: "signal", signal, by: "program" });
  else {
    pendingSignal = signal;
    stop.abort();
  }
}

let pendingSignal: string | undefined;
let flight: Flight | undefined;

/** Where the packets go, unless they are kept in memory. */
function writerOf(output: CtfWriterOptions, dom0: Dom0): PacketOutput<void> {
  const { rotation } = config;
  if (!rotation) return new CtfWriter(output);
  return new RotatingWriter({ ...output, ...rotation, names: new ThreadNames(dom0) });
}

/** Resolves when the recording is to end. */
function stopped(): Promise<void> {
  return new Promise((resolve) => {
    if (stop.signal.aborted) resolve();
    else stop.signal.addEventListener("abort", () => resolve());
  });
}

function write(writer: PacketOutput<void>, packet: Packet): void {
  checkDiskSpace(config.dir, packet.bytes.length, config.reserveBytes);
  writer.write(packet);
}

async function record(trace: Trace, writer: PacketOutput<void>): Promise<void> {
  for await (const packet of trace.packets({ signal: stop.signal, pollMs: config.pollMs })) {
    write(writer, packet);
  }
}

/** Stops the trace and writes what is left, down to the last record. */
async function finish(trace: Trace, writer: PacketOutput<void> | undefined): Promise<boolean> {
  trace.stop();
  const answered = await trace.stopped(QUIET_MS);
  // What is kept in memory stays there: it is written if something triggers that.
  while (writer && trace.drain((packet) => write(writer, packet)) > 0);
  return answered;
}

async function main(): Promise<void> {
  const hypervisor = Hypervisor.join(handle as HypervisorHandle);
  try {
    await recordProgram(hypervisor);
  } finally {
    // The program may go on for long: nothing of the recording shall cost it anything any more.
    hypervisor.close();
  }
}

async function recordProgram(hypervisor: Hypervisor): Promise<void> {
  const dom0 = hypervisor.dom0(threadId);
  const cpu = hypervisor.attach({ tid: threadId, parent: 0 });
  const output = { dir: config.dir, dom0, channel: TRACE_NAME, fileMode: config.fileMode, env };
  const { subbufBytes, subbufCount, mode, events, onlyCpus } = config;
  const cpus = onlyCpus && { cpus: onlyCpus.filter((index) => index < config.cpus) };
  const trace = dom0.createTrace(TRACE_NAME, { subbufBytes, subbufCount, mode, events, ...cpus });
  flight =
    config.flight &&
    new Flight({ dom0, trace, config: config.flight, words: flightWords, output, failed: fail });
  const writer = flight ? undefined : writerOf(output, dom0);
  trace.start();
  introduce(cpu, "dom0");
  listenToMain();
  channel.listen(onSignal);
  if (config.seconds > 0) setTimeout(() => stop.abort(), config.seconds * 1000);
  channel.tell({ type: "started", dir: config.dir, name: String(env.command) });
  setState(STATE_RECORDING);

  let answered = true;
  try {
    if (writer) await record(trace, writer);
    else await stopped();
    schedEvents.sched_dom_rem(cpu.domain);
    answered = await finish(trace, writer);
  } finally {
    // Also after a failure: the program's tracepoints shall cost nothing any more.
    if (trace.info().active) {
      trace.stop();
      answered = await trace.stopped(QUIET_MS);
    }
    writer?.finish(trace.losses());
    flight?.end();
  }
  if (pendingSignal) channel.tell({ type: "signal", signal: pendingSignal, by: "recorder" });
  const info = trace.info();
  channel.tell({
    type: "finished",
    unanswered: !answered,
    corrupt: [...info.corrupt],
    labelsFull: info.labelsFull,
    unmatched: [...trace.unmatched()],
    dumps: flight?.dumps,
  });
}

function fail(error: unknown): void {
  const message = messageOf(error);
  // The streams of a child are read by its parent.
  if (channel.tell({ type: "failed", message }) || config.parent !== null) return;
  try {
    writeSync(2, `tbuf: recording failed: ${message}\n`);
  } catch {
    // Nobody reads it: the program goes on.
  }
}

// What nobody has caught would end the program, by an `error` of the Worker that it does not know of.
process.on("uncaughtException", (error) => {
  fail(error);
  setState(STATE_FINISHED);
  process.exit();
});

main()
  .catch(fail)
  .finally(() => {
    setState(STATE_FINISHED);
    channel.close();
  });
