// A guest as bytes, so that no runtime needs a compiler. In the text format:
//
//   (module
//     (import "tbuf" "event" (func $event (param i32 i32) (result i32)))
//     (import "tbuf" "now" (func $now (result f64)))
//     (import "tbuf" "enabled" (func $enabled (param i32) (result i32)))
//     (import "tbuf" "record2" (func $record2 (param i32 f64 i32 i32)))
//     (func (export "run") (param $times i32) (local $i i32) (local $id i32)
//       (local.set $id (call $event (i32.const 0) (i32.const 0)))
//       (if (i32.eqz (call $enabled (local.get $id))) (then (return)))
//       (block $done (loop $again
//         (br_if $done (i32.ge_u (local.get $i) (local.get $times)))
//         (call $record2 (local.get $id) (call $now)
//           (local.get $i) (i32.mul (local.get $i) (local.get $i)))
//         (local.set $i (i32.add (local.get $i) (i32.const 1)))
//         (br $again)))))

import { fromBase64 } from "./base64.mjs";

export const GUEST = fromBase64(
  "AGFzbQEAAAABGwVgAn9/AX9gAAF8YAF/AX9gBH98f38AYAF/AAI3BAR0YnVmBWV2ZW50AAAEdGJ1ZgNub3cAAQR0YnVm" +
    "B2VuYWJsZWQAAgR0YnVmB3JlY29yZDIAAwMCAQQHBwEDcnVuAAQKOwE5AQJ/QQBBABAAIQIgAhACRQRADwsCQANAIAEg" +
    "AE8NASACEAEgASABIAFsEAMgAUEBaiEBDAALAAsL",
);
