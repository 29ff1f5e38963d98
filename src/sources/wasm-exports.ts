// Source of the calls from JavaScript to Wasm guests: their exports. Each is an entry into the guest and an exit, and
// the first of a callback is an interrupt. Off by default: an export may be a few nanoseconds of work.
//
// The getter `exports` gives wrappers. Wasm takes its own functions alone, so wherever a wrapper goes back into Wasm it
// is taken off: tables, globals, imports (wasm/imports.ts), JSPI. What was handed out stays in the program's hands when
// the source is gone, so what takes wrappers off stays then too, and an instance gives the wrappers that it gave.

import { type Disposable, disposable } from "../dispose.js";
import { xenVmx } from "../facilities/index.js";
import { lookLike } from "./replace.js";
import { defineSource } from "./source.js";
import { turn } from "./turn.js";
import type { Callable } from "./wasm/api.js";
import { translateFunctions } from "./wasm/boundary.js";
import { givenFunction, rawFunction, wrappersExist } from "./wasm/functions.js";

/** The `reason` of an exit that is the return of an export, and no import. */
const RETURNED = 0xffff_ffff;
/** JavaScript did not make the callback up: an event or a promise did. */
const REAL = 0;

interface Observer {
  /** @param index of the export among those of its guest */
  enter(index: number): boolean;
  leave(): void;
}

const observers = new Set<Observer>();
let boundary: Disposable | undefined;

export const wasmExports = defineSource({
  name: "wasm-exports",
  description: "Calls from JavaScript to the functions that WebAssembly modules export.",
  byDefault: false,
  facility: xenVmx,
  events: ["vmx_vmentry", "vmx_vmexit", "vmx_int", "vmx_timer_intr"],
  install({ events, meter: open }) {
    const meter = open({ records: 2 });
    let depth = 0;
    let entered = false;
    const nextTurn = (): void => {
      entered = false;
    };
    const observer: Observer = {
      enter(index) {
        if (!meter.take()) return false;
        if (depth++ === 0 && !entered) {
          entered = true;
          Promise.resolve().then(nextTurn);
          if (turn.inTimer) events.vmx_timer_intr(index);
          else events.vmx_int(index, REAL);
        }
        events.vmx_vmentry();
        return true;
      },
      leave() {
        depth--;
        events.vmx_vmexit(RETURNED, 0);
      },
    };
    boundary ??= translateFunctions(wrapExport);
    observers.add(observer);
    return disposable(() => {
      observers.delete(observer);
      if (observers.size > 0 || wrappersExist()) return;
      boundary?.dispose();
      boundary = undefined;
    });
  },
});

/** What JavaScript is given in the place of a guest's function: an arrow, as that is no constructor either. */
function wrapExport(raw: Callable, index: number): Callable {
  const call = (args: unknown[]): unknown => {
    // Functions come out of Wasm as they are, and go in so.
    const plain = args.map(rawFunction);
    if (observers.size === 0) return givenFunction(raw(...plain));
    const told = [...observers].filter((observer) => observer.enter(index));
    try {
      return givenFunction(raw(...plain));
    } finally {
      for (const observer of told.reverse()) observer.leave();
    }
  };
  return lookLike(((...args: unknown[]) => call(args)) as Callable, raw);
}
