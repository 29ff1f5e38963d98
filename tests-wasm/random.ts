// xorshift32: the same numbers for the same seed, everywhere.

let state: u32 = 1;

export function seed(value: u32): void {
  state = value * 2654435761 + 1;
  if (!state) state = 1;
}

export function next(): u32 {
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}

/** A number from 0 to `end` - 1. */
export function below(end: u32): u32 {
  return next() % end;
}
