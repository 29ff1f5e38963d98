// The main thread's side of the recorder: boots the hypervisor, starts dom0's thread and waits until
// it records, and tells it to finish.

import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { Hypervisor } from "../../hypervisor.js";
import type { Environment } from "../../trace/schema.js";
import { bootRecorder } from "./boot-recorder.js";
import {
  type RecordConfig,
  type RecorderData,
  STATE_FINISHED,
  STATE_STARTING,
  WORD_STATE,
  WORD_STOP,
  WORDS,
} from "./config.js";
import { FLIGHT_WORDS, type FlightWords } from "./flight-config.js";

/** A recorder that does not come to record, or to an end, in this time is given up. */
const START_MS = 10_000;
const FINISH_MS = 30_000;

export interface Recorder {
  readonly hypervisor: Hypervisor;
  readonly words: Int32Array;
  readonly flightWords: FlightWords;
  /** Ends the recording; returns when all files are complete. May be called twice. */
  finish(): void;
}

/**
 * Undefined when the recorder's thread has failed; it has said so.
 * @param dir directory of the bundles: dom0's thread is `recorder.cjs` in it
 * @param failed is called when that thread ends by an error which it could not tell itself
 * @param env what the metadata says of the process
 * @param warn is told what is not as it was asked for
 */
export function startRecorder(
  wanted: RecordConfig,
  dir: string,
  failed: (error: unknown) => void,
  env: Environment,
  warn: (text: string) => void,
): Recorder | undefined {
  const { hypervisor, config } = bootRecorder(wanted, warn);
  const words = new Int32Array(new SharedArrayBuffer(WORDS * 4));
  const flightWords = new Int32Array(new SharedArrayBuffer(FLIGHT_WORDS * 4));
  const workerData: RecorderData = { config, handle: hypervisor.handle(), words, flightWords, env };
  const worker = new Worker(join(dir, "recorder.cjs"), {
    workerData,
    // Flags and environment of its own, so that the preload does not take it for the program's.
    execArgv: [],
    env: {},
    // And streams of its own, which nobody reads. Else Node pipes them into the program's: a pipe that its
    // reader has closed would then end the program by an error which it never sees without us.
    stdout: true,
    stderr: true,
  });
  worker.unref();
  // Without a listener this would be an uncaught exception of the program's.
  worker.on("error", (error) => {
    Atomics.store(words, WORD_STATE, STATE_FINISHED);
    Atomics.notify(words, WORD_STATE);
    failed(error);
  });
  // The main thread shall not be recorded before dom0 records, nor run while it cannot be.
  Atomics.wait(words, WORD_STATE, STATE_STARTING, START_MS);
  if (Atomics.load(words, WORD_STATE) === STATE_FINISHED) return undefined;
  return {
    hypervisor,
    words,
    flightWords,
    finish() {
      Atomics.store(words, WORD_STOP, 1);
      Atomics.notify(words, WORD_STOP);
      const end = performance.now() + FINISH_MS;
      for (;;) {
        const state = Atomics.load(words, WORD_STATE);
        if (state === STATE_FINISHED || performance.now() >= end) return;
        Atomics.wait(words, WORD_STATE, state, end - performance.now());
      }
    },
  };
}
