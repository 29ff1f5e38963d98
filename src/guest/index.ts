// The guest binding: what another Wasm module of this thread imports to record events itself. The
// record functions are the hypervisor's own exports, so a guest's call goes from Wasm to Wasm and
// never through JavaScript. docs/guest.md has the signatures for AssemblyScript, C and Rust.

import type { Cpu } from "../cpu/cpu.js";
import { TraceError } from "../errors.js";
import type { FacilityDefinition } from "../event/definition.js";
import { encoderOf } from "../event/encode.js";
import type { WordRecords } from "../memory/core.js";
import { look } from "../memory/look.js";
import { registerDefinition } from "../tracepoint/register.js";

/** The functions that a guest imports from the module `tbuf`. */
export interface GuestFunctions extends WordRecords {
  /** A reading of the CPU's clock, in milliseconds: the second argument of a record function. NaN
   * there asks for the coarse time, and saves this call. */
  now(): number;
  /** The number of an event: the first argument of a record function. `facility` and `index` count
   * from 0, in the order of the facilities given and of their events; -1 for what does not exist. */
  event(facility: number, index: number): number;
  /** 1 when some trace wants the event now, else 0. A record function asks that itself: for guests
   * whose arguments cost more than a call. */
  enabled(event: number): number;
}

/** What `WebAssembly.instantiate` takes, alone or together with other imports. */
export interface GuestImports {
  readonly tbuf: GuestFunctions;
}

/**
 * The imports of a guest that runs in this thread and records on its CPU. Once the CPU is detached,
 * its records go nowhere. A guest writes words only: its events have up to seven fields of up to 32
 * bits each.
 *
 *     const net = defineFacility("net", { packet: [field("bytes", u32), field("port", u16)] });
 *     const { instance } = await WebAssembly.instantiate(module, guestImports(cpu, [net]));
 *
 * Throws TraceError `closed` when the CPU is detached, `bad-option` naming an event that a guest
 * cannot record, and as `facility` when a facility is refused.
 */
export function guestImports(cpu: Cpu, facilities: readonly FacilityDefinition[]): GuestImports {
  if (cpu.detached) throw new TraceError("closed", `guestImports: CPU ${cpu.index} was detached`);
  const { core, views, now } = cpu.binding;
  for (const definition of facilities) checkWords(definition);
  const firsts = facilities.map((definition) => registerDefinition(core, views, definition));
  const { record0, record1, record2, record3, record4, record5, record6, record7 } = core;
  return {
    tbuf: {
      record0,
      record1,
      record2,
      record3,
      record4,
      record5,
      record6,
      record7,
      now,
      event(facility, index) {
        const first = firsts[facility];
        const events = facilities[facility]?.events.length ?? 0;
        return first === undefined || !(index >= 0 && index < events) ? -1 : first + index;
      },
      enabled: (event) => ((look(views.enabled, event) ?? 0) === 0 ? 0 : 1),
    },
  };
}

function checkWords(definition: FacilityDefinition): void {
  for (const event of definition.events) {
    const name = `${definition.name}:${event.name}`;
    if (encoderOf(event).words === undefined) {
      throw new TraceError(
        "bad-option",
        `guestImports: event ${name} has other fields than seven words`,
      );
    }
    if (event.fields.some(({ type }) => type.kind === "label")) {
      throw new TraceError(
        "bad-option",
        `guestImports: event ${name} has a label, whose number a guest cannot know; use u32 or enumOf`,
      );
    }
  }
}
