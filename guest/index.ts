// AssemblyScript binding of tbuf: what a Wasm module imports to record events on its thread's CPU.
// The host hands these functions over with `guestImports` (docs/guest.md). All but `now`, `event` and
// `enabled` are the hypervisor's own: a call goes from Wasm to Wasm.

/** The time to pass to a record function for the coarse time, which costs no call. */
export const COARSE: f64 = NaN;

/** A reading of the CPU's clock, in milliseconds. */
@external("tbuf", "now")
export declare function now(): f64;

/** The number of event `index` of facility `facility`, in the host's order; -1: there is none. */
@external("tbuf", "event")
export declare function event(facility: i32, index: i32): i32;

/** 1 when some trace wants the event now. A record function looks itself. */
@external("tbuf", "enabled")
export declare function enabled(event: i32): i32;

// One for each number of words: written by scripts/arities.mjs.

/** Records an event without fields. */
@external("tbuf", "record0")
export declare function record0(event: i32, now: f64): void;

/** Records an event of one field; the others are alike. Each field is a word, f32 by its bits. */
@external("tbuf", "record1")
export declare function record1(event: i32, now: f64, a: u32): void;

@external("tbuf", "record2")
export declare function record2(event: i32, now: f64, a: u32, b: u32): void;

@external("tbuf", "record3")
export declare function record3(event: i32, now: f64, a: u32, b: u32, c: u32): void;

@external("tbuf", "record4")
export declare function record4(event: i32, now: f64, a: u32, b: u32, c: u32, d: u32): void;

@external("tbuf", "record5")
export declare function record5(event: i32, now: f64, a: u32, b: u32, c: u32, d: u32, e: u32): void;

@external("tbuf", "record6")
export declare function record6(
  event: i32,
  now: f64,
  a: u32,
  b: u32,
  c: u32,
  d: u32,
  e: u32,
  f: u32,
): void;

@external("tbuf", "record7")
export declare function record7(
  event: i32,
  now: f64,
  a: u32,
  b: u32,
  c: u32,
  d: u32,
  e: u32,
  f: u32,
  g: u32,
): void;

// The end of what scripts/arities.mjs writes.
