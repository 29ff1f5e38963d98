// Wrappers of the functions that a guest imports. A function of each arity, since Wasm calls one whose parameters match
// its own without a detour. A guest may pass more or fewer arguments than the function names: those are passed on as
// they came.

import type { Meter } from "../meter.js";
import type { Hook } from "../replace.js";
import type { Callable } from "./api.js";

/** What a wrapper tells. */
export interface ImportRecorder {
  readonly hook: Hook;
  readonly meter: Meter;
  vmexit(reason: number, rip: number): void;
  vmentry(): void;
  io(port: number, data: number): void;
}

/** Whether this call is recorded, and if so, that it leaves the guest. */
type Leave = () => boolean;

/** A wrapper that tells when the guest is left by import number `index`, and when it is entered again. */
export function wrapImport(
  original: Callable,
  index: number,
  guest: number,
  { hook, meter, vmexit, vmentry }: ImportRecorder,
): Callable {
  const leave = (): boolean => {
    if (!hook.active || !meter.take()) return false;
    vmexit(index, guest);
    return true;
  };
  const make = BY_ARITY[original.length];
  return (make ?? anyArity)(original, leave, vmentry);
}

/** As `wrapImport`, for an import of WASI, which is recorded as I/O too, with its first argument: a file descriptor. */
export function wrapIo(
  original: Callable,
  index: number,
  guest: number,
  { hook, meter, vmexit, vmentry, io }: ImportRecorder,
): Callable {
  return ((...args: unknown[]) => {
    if (!hook.active || !meter.take()) return original(...args);
    vmexit(index, guest);
    io(index, typeof args[0] === "number" ? args[0] : 0);
    const result = original(...args);
    vmentry();
    return result;
  }) as Callable;
}

// An import that throws enters the guest no more: its frames are taken down with the JavaScript that called it.
type Make = (original: Callable, leave: Leave, back: () => void) => Callable;

const anyArity: Make = (original, leave, back) =>
  ((...args: unknown[]) => {
    if (!leave()) return original(...args);
    const result = original(...args);
    back();
    return result;
  }) as Callable;

/* biome-ignore-start lint/complexity/noArguments: a list of them for each call would cost more than the record */
const BY_ARITY: readonly Make[] = [
  (original, leave, back) =>
    function () {
      if (arguments.length !== 0) return passOn(original, leave, back, arguments);
      if (!leave()) return original();
      const result = original();
      back();
      return result;
    } as Callable,
  (original, leave, back) =>
    function (a: unknown) {
      if (arguments.length !== 1) return passOn(original, leave, back, arguments);
      if (!leave()) return original(a);
      const result = original(a);
      back();
      return result;
    } as Callable,
  (original, leave, back) =>
    function (a: unknown, b: unknown) {
      if (arguments.length !== 2) return passOn(original, leave, back, arguments);
      if (!leave()) return original(a, b);
      const result = original(a, b);
      back();
      return result;
    } as Callable,
  (original, leave, back) =>
    function (a: unknown, b: unknown, c: unknown) {
      if (arguments.length !== 3) return passOn(original, leave, back, arguments);
      if (!leave()) return original(a, b, c);
      const result = original(a, b, c);
      back();
      return result;
    } as Callable,
  (original, leave, back) =>
    function (a: unknown, b: unknown, c: unknown, d: unknown) {
      if (arguments.length !== 4) return passOn(original, leave, back, arguments);
      if (!leave()) return original(a, b, c, d);
      const result = original(a, b, c, d);
      back();
      return result;
    } as Callable,
  (original, leave, back) =>
    function (a: unknown, b: unknown, c: unknown, d: unknown, e: unknown) {
      if (arguments.length !== 5) return passOn(original, leave, back, arguments);
      if (!leave()) return original(a, b, c, d, e);
      const result = original(a, b, c, d, e);
      back();
      return result;
    } as Callable,
  (original, leave, back) =>
    function (a: unknown, b: unknown, c: unknown, d: unknown, e: unknown, f: unknown) {
      if (arguments.length !== 6) return passOn(original, leave, back, arguments);
      if (!leave()) return original(a, b, c, d, e, f);
      const result = original(a, b, c, d, e, f);
      back();
      return result;
    } as Callable,
  (original, leave, back) =>
    function (a: unknown, b: unknown, c: unknown, d: unknown, e: unknown, f: unknown, g: unknown) {
      if (arguments.length !== 7) return passOn(original, leave, back, arguments);
      if (!leave()) return original(a, b, c, d, e, f, g);
      const result = original(a, b, c, d, e, f, g);
      back();
      return result;
    } as Callable,
  (original, leave, back) =>
    function (
      a: unknown,
      b: unknown,
      c: unknown,
      d: unknown,
      e: unknown,
      f: unknown,
      g: unknown,
      h: unknown,
    ) {
      if (arguments.length !== 8) return passOn(original, leave, back, arguments);
      if (!leave()) return original(a, b, c, d, e, f, g, h);
      const result = original(a, b, c, d, e, f, g, h);
      back();
      return result;
    } as Callable,
];
/* biome-ignore-end lint/complexity/noArguments: see above */

function passOn(original: Callable, leave: Leave, back: () => void, args: IArguments): unknown {
  if (!leave()) return Reflect.apply(original, undefined, args);
  const result = Reflect.apply(original, undefined, args);
  back();
  return result;
}
