// Running the bench, and what it writes with --json.

import { spawnSync } from "node:child_process";
import { root } from "./sources.js";

export interface Row {
  id: string;
  nsPerOp: number | null;
  ratio: number | null;
  of: string | null;
  spread: { min: number; max: number };
  rounds: { ns?: number; value: number }[];
  value: number;
  unit: string;
  done: number;
  recorded: number[];
  recordsPerOp: number;
  discarded: number;
}

export interface Result {
  machine: Record<string, unknown>;
  runtime: { name: string; version: string };
  rows: Row[];
  skipped: { id: string; why: string }[];
  targets: { id: string; value: number; limit: number; met: boolean }[];
}

/** Runs `program` in the root of the repository. */
export function runBench(program: string, args: readonly string[]) {
  return spawnSync(program, args, { cwd: root, encoding: "utf8", timeout: 170_000 });
}
