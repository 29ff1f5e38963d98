// Words that the page and its writers share, and how often a writer records a burst.

export const RATE = 0;
export const STOP = 1;
export const WORDS = 2;
export const BURST_MS = 10;
