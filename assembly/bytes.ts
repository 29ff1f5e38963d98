// Comparing bytes: `memory.compare` would bring the standard library's own copy in.

export function sameBytes(a: usize, b: usize, bytes: u32): bool {
  for (let i: u32 = 0; i < bytes; i++) {
    if (load<u8>(a + i) != load<u8>(b + i)) return false;
  }
  return true;
}
