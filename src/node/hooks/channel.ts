// What Node and its libraries publish by node:diagnostics_channel.

import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { type Disposable, disposable } from "../../dispose.js";
import { quietly } from "./quietly.js";

/**
 * Calls `hear` with each message of the channel `name`. What `hear` throws is not heard of: it would end the program.
 */
export function hearChannel<Message>(name: string, hear: (message: Message) => void): Disposable {
  const listener = (message: unknown): void => quietly(hear, message as Message);
  subscribe(name, listener);
  return disposable(() => {
    unsubscribe(name, listener);
  });
}
