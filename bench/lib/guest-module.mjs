// A Wasm guest that records in a loop of its own. Given as the bytes of its sections, since no
// compiler runs in every runtime that the bench runs in:
//
//   (module
//     (import "tbuf" "now" (func $now (result f64)))
//     (import "tbuf" "record2" (func $record2 (param i32 f64 i32 i32)))
//     (memory (export "memory") 1)
//     (func (export "caller") (param $event i32) (param $count i32) (param $time f64)
//       (local $i i32)
//       (loop $again
//         (call $record2 (local.get $event) (local.get $time) (local.get $i)
//           (i32.load (i32.shl (i32.and (local.get $i) (i32.const 1023)) (i32.const 2))))
//         (local.set $i (i32.add (local.get $i) (i32.const 1)))
//         (br_if $again (i32.lt_u (local.get $i) (local.get $count)))))
//     (func (export "precise") ...))   ;; the same with (call $now) for $time
//
// The host puts the 1024 values at the beginning of the guest's memory.

const I32 = 0x7f;
const F64 = 0x7c;
const VOID = 0x40;

const text = (name) => [name.length, ...new TextEncoder().encode(name)];
const vector = (...items) => [items.length, ...items.flat()];
const section = (id, content) => [id, content.length, ...content];
const functionType = (params, results) => [0x60, ...vector(...params), ...vector(...results)];
const local = (index) => [0x20, index];

const types = section(
  1,
  vector(
    functionType([], [F64]),
    functionType([I32, F64, I32, I32], []),
    functionType([I32, I32, F64], []),
  ),
);
const imports = section(
  2,
  vector([...text("tbuf"), ...text("now"), 0, 0], [...text("tbuf"), ...text("record2"), 0, 1]),
);
const functions = section(3, vector(2, 2));
const memory = section(5, vector([0, 1]));
const exports = section(
  7,
  vector([...text("memory"), 2, 0], [...text("caller"), 0, 2], [...text("precise"), 0, 3]),
);

/** The body of a function that records with the time that the instructions `time` leave. */
function body(time) {
  const [event, count, i] = [local(0), local(1), local(3)];
  const next = [...i, 0x41, 1, 0x6a, 0x22, 3];
  const load = [...i, 0x41, 0xff, 0x07, 0x71, 0x41, 2, 0x74, 0x28, 2, 0];
  const record = [...event, ...time, ...i, ...load, 0x10, 1];
  const loop = [0x03, VOID, ...record, ...next, ...count, 0x49, 0x0d, 0, 0x0b];
  const code = [1, 1, I32, ...loop, 0x0b];
  return [code.length, ...code];
}

const code = section(10, vector(body(local(2)), body([0x10, 0])));

export const guestModule = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...types,
  ...imports,
  ...functions,
  ...memory,
  ...exports,
  ...code,
]);
