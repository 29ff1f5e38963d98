// Recordings without files: what is recorded comes back as the files of a trace, in memory.

import { TraceFiles } from "../ctf/write/trace-files.js";
import { checkOptions } from "../errors.js";
import type { OwnBytes } from "../memory/own-bytes.js";
import { FLIGHT_OPTIONS, FlightRecorder, type FlightRecorderOptions } from "./flight-recorder.js";
import { checkOnError, RECORDING_OPTIONS, Recording, type RecordingOptions } from "./recording.js";

/** A trace as files by name, as a directory would hold them. */
export type TraceFileMap = Map<string, OwnBytes>;

/**
 * Records this thread, and those that join, until `stop`, which returns the trace as files in memory. The whole
 * trace is kept in memory: `record` of `tbuf/node` writes it to a directory. Throws TraceError.
 */
export function record(options: RecordingOptions = {}): Recording<TraceFileMap> {
  checkOptions("record", options, RECORDING_OPTIONS);
  checkOnError("record", options.onError);
  return new Recording(options, (dom0) => new TraceFiles({ dom0 }));
}

/**
 * Keeps the newest records of this thread, and of those that join; `save` returns them as files in memory.
 * Throws TraceError.
 */
export function flightRecorder(
  options: FlightRecorderOptions = {},
): FlightRecorder<[], TraceFileMap> {
  checkOptions("flightRecorder", options, FLIGHT_OPTIONS);
  return new FlightRecorder(options, (dom0) => new TraceFiles({ dom0 }));
}
