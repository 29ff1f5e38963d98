// What the emitters of a class emit, without a listener on any of them: a program sees its own listeners only, and
// their number.

import type { Disposable } from "../../dispose.js";
import { quietly } from "./quietly.js";
import { lookLike, replace } from "./replace.js";

type Emit<T> = (this: T, event: string | symbol, ...args: unknown[]) => boolean;

/**
 * Calls `hear` before each event that an emitter of the class emits, with the event's first argument. Emitters whose
 * class, or who themselves, have an `emit` that does not call this one are not heard.
 */
export function hearEmitted<T extends object>(
  { prototype }: { readonly prototype: T },
  hear: (emitter: T, event: string | symbol, argument: unknown) => void,
): Disposable {
  return replace<{ emit: Emit<T> }>([prototype as { emit: Emit<T> } & T], {
    emit: (original, hook) =>
      lookLike(function (this: T, event: string | symbol, ...args: unknown[]): boolean {
        if (hook.active) quietly(hear, this, event, args[0]);
        return original.call(this, event, ...args);
      }, original),
  });
}
