// Every shared word is read and written through these functions. Only this file uses `atomic.`, with
// one exception: ring.ts publishes a record itself. tests-host/guards/tidy.test.ts refuses any other.
// All are sequentially consistent (Wasm knows no weaker order). The call sites and
// docs/memory-order.md say which ones pair.

export function load32(at: usize): u32 {
  return atomic.load<u32>(at);
}

export function store32(at: usize, value: u32): void {
  atomic.store<u32>(at, value);
}

export function load64(at: usize): u64 {
  return atomic.load<u64>(at);
}

export function store64(at: usize, value: u64): void {
  atomic.store<u64>(at, value);
}

/** True when the word held `expected` and now holds `value`. */
export function cas32(at: usize, expected: u32, value: u32): bool {
  return atomic.cmpxchg<u32>(at, expected, value) == expected;
}

/** True when the word held `expected` and now holds `value`. */
export function cas64(at: usize, expected: u64, value: u64): bool {
  return atomic.cmpxchg<u64>(at, expected, value) == expected;
}

/** Adds and returns what the word held before. */
export function add32(at: usize, value: u32): u32 {
  return atomic.add<u32>(at, value);
}

/** Subtracts and returns what the word held before. */
export function sub32(at: usize, value: u32): u32 {
  return atomic.sub<u32>(at, value);
}

/** Sets bits and returns what the word held before. */
export function or32(at: usize, bits: u32): u32 {
  return atomic.or<u32>(at, bits);
}

/** Keeps only `bits` and returns what the word held before. */
export function and32(at: usize, bits: u32): u32 {
  return atomic.and<u32>(at, bits);
}

/** Wakes every agent that waits on the word. */
export function notifyAll(at: usize): void {
  atomic.notify(at);
}

/** Orders plain accesses before it against those after it. */
export function fence(): void {
  atomic.fence();
}
