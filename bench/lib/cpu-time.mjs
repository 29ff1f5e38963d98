// CPU time of threads and of processes, where /proc tells it (Linux): what a record costs, whatever
// else the machine does.

import { readdirSync, readFileSync } from "node:fs";

const NS_PER_MS = 1e6;

/** Milliseconds that each thread of a process has had, by its number; empty where nobody tells. */
export function cpuMsOfThreads(pid = process.pid) {
  const times = new Map();
  for (const tid of entries(`/proc/${pid}/task`)) {
    const [ns] = textOf(`/proc/${pid}/task/${tid}/schedstat`).split(" ");
    times.set(Number(tid), Number(ns) / NS_PER_MS);
  }
  return times;
}

/** Milliseconds that the children of a process have had together. */
export function cpuMsOfChildren(pid) {
  const children = entries(`/proc/${pid}/task`).flatMap((tid) =>
    textOf(`/proc/${pid}/task/${tid}/children`).trim().split(" ").filter(Boolean),
  );
  const times = children.flatMap((child) => [...cpuMsOfThreads(child).values()]);
  return times.reduce((sum, ms) => sum + ms, 0);
}

function entries(path) {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/** A thread may have ended since it was listed. */
function textOf(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
