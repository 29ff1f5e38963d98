// Recordings into directories.

import { badOption, checkOptions, messageOf, warn } from "../errors.js";
import {
  FLIGHT_OPTIONS,
  FlightRecorder,
  type FlightRecorderOptions,
} from "../recording/flight-recorder.js";
import {
  checkOnError,
  RECORDING_OPTIONS,
  Recording,
  type RecordingOptions,
} from "../recording/recording.js";
import { ThreadNames } from "../recording/thread-names.js";
import { CtfWriter } from "./files/ctf-writer.js";
import { checkRotation, RotatingWriter } from "./files/rotating-writer.js";
import { listen } from "./hooks/listen.js";
import { reapWorkers } from "./reap-workers.js";

type Env = Readonly<Record<string, string | number>>;

export interface RecordOptions extends RecordingOptions {
  /** The trace's directory: it is made if it does not exist, and must be empty if it does. */
  readonly dir: string;
  /** More about the trace, for readers: names and values. */
  readonly env?: Env;
  /**
   * Most bytes of a trace, 262144 or more: then a new one begins, and there are `dir/1`, `dir/2`, ... Each
   * is a trace of its own. Default: one trace in `dir`, without a limit.
   */
  readonly maxBytes?: number;
  /** Most of these traces that are kept, 2 or more: the oldest are removed. Default 8. */
  readonly maxFiles?: number;
}

export interface FlightOptions extends FlightRecorderOptions {
  /** More about the trace, for readers: names and values. */
  readonly env?: Env;
}

/**
 * Records this thread, and those that join, into a directory until `stop`. If the program ends without
 * `stop`, the trace is completed on the way out. Workers that this thread starts from now on give their
 * places back when they end. Throws TraceError.
 */
export function record(options: RecordOptions): Recording<void> {
  checkOptions("record", options, [...RECORDING_OPTIONS, "dir", "env", "maxBytes", "maxFiles"]);
  const { dir, env = {}, onError, maxBytes, maxFiles, ...rest } = options;
  if (maxBytes !== undefined) checkRotation("record", maxBytes, maxFiles);
  else if (maxFiles !== undefined)
    throw badOption("record", "maxBytes", "given with maxFiles", maxBytes);
  checkOnError("record", onError);
  const recording: Recording<void> = new Recording<void>(
    { ...rest, onError: onError ?? warnOfEnd },
    (dom0) =>
      maxBytes === undefined
        ? new CtfWriter({ dir, dom0, env })
        : new RotatingWriter({ dir, dom0, env, maxBytes, maxFiles, names: new ThreadNames(dom0) }),
    () => {
      exit.dispose();
      workers.dispose();
    },
  );
  const workers = reapWorkers(recording.hypervisor);
  const exit = listen(process, "exit", () => {
    try {
      recording.end();
    } catch (error) {
      // The program's own end comes first: whoever wanted the error has called `stop`.
      if (recording.failure !== error) warnOfEnd(error);
    }
  });
  return recording;
}

/**
 * Keeps the newest records of this thread, and of those that join; `save(dir)` writes them to a new or empty
 * directory, as often as the program likes. Throws TraceError.
 */
export function flightRecorder(options: FlightOptions = {}): FlightRecorder<[dir: string], void> {
  checkOptions("flightRecorder", options, [...FLIGHT_OPTIONS, "env"]);
  const { env = {}, ...rest } = options;
  const flight = new FlightRecorder(
    rest,
    (dom0, dir: string) => new CtfWriter({ dir, dom0, env }),
    () => workers.dispose(),
  );
  const workers = reapWorkers(flight.hypervisor);
  return flight;
}

/** A recording that fails does not end the program. */
function warnOfEnd(error: unknown): void {
  warn("TBUF_RECORDING_STOPPED", `recording stopped: ${messageOf(error)}`);
}
