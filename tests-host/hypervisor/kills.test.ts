// Threads are killed before random accesses to the shared memory, in whatever they do: in the end all
// frames, slots and words are as they should be (I9, I12). The long run is `npm run kills`.

import { expect, it } from "vitest";
import { killRun } from "../lib/kill-run.js";

const kills = Number(process.env.TBUF_KILLS ?? 500);
const seed = Number(process.env.TBUF_KILLS_SEED ?? Date.now() % 1_000_000_000);

it(
  `${kills} threads that are killed at random leave nothing behind: seed ${seed}`,
  () => {
    const done = killRun(seed, kills);
    console.log(`kills=${done.kills}, rounds=${done.rounds}, seed=${seed}`);
    expect(done.kills).toBeGreaterThanOrEqual(kills);
  },
  60_000 + kills * 100,
);
