// The table of sources: what is in it, which of them are installed, and what one that fails does to the others.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BUILT_IN, MISSING, originOf } from "../../scripts/lib/event-origins.mjs";
import { disposable } from "../../src/dispose.js";
import { TraceError } from "../../src/errors.js";
import * as facilities from "../../src/facilities/index.js";
import { xenSched } from "../../src/facilities/index.js";
import { openContext, type ThreadContext } from "../../src/node/sources/context.js";
import { installSources, observeThread, sources } from "../../src/node/sources/index.js";
import { defineSource, type Source } from "../../src/node/sources/source.js";
import { installEach } from "../../src/sources/install.js";
import { differences, hooks } from "../lib/hooks.js";
import { useWorld } from "../lib/world.js";

const world = useWorld();
const emit = vi.spyOn(process, "emitWarning");
const warnings = () => emit.mock.calls.map(([text]) => String(text));
let context: ThreadContext;

beforeEach(() => {
  emit.mockReset().mockReturnValue(undefined);
  const hypervisor = world.boot();
  hypervisor.attach();
  context = openContext(hypervisor);
});
afterEach(() => context.dispose());

/** A source that writes down what happens to it. */
function noting(name: string, notes: string[], fails?: "in" | "out"): Source {
  return {
    name,
    description: "Nothing.",
    byDefault: true,
    facility: xenSched,
    events: [],
    install() {
      if (fails === "in") throw new Error("on purpose");
      notes.push(`${name} in`);
      return disposable(() => {
        if (fails === "out") throw new Error("on purpose");
        notes.push(`${name} out`);
      });
    },
  };
}

describe("the table", () => {
  it("names each source once, for a command line", () => {
    const names = sources.map(({ name }) => name);
    expect(names).not.toEqual([]);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/);
  });

  it("names events that their facility has, and describes each source in a sentence", () => {
    for (const { facility, events, description } of sources) {
      expect(events).not.toEqual([]);
      expect(facility.events.map(({ name }) => name)).toEqual(expect.arrayContaining([...events]));
      expect(description).toMatch(/^[A-Z].*\.$/);
    }
  });

  it("has a source for each event of tbuf's, or a reason why there is none", () => {
    const names = Object.values(facilities).flatMap(({ name, events }) =>
      events.map((each) => `${name}:${each.name}`),
    );
    expect(names.filter((name) => originOf(name, sources) === undefined)).toEqual([]);
    expect(originOf("xen_sched:no_such_event", sources)).toBeUndefined();
    const named = [...Object.keys(BUILT_IN), ...Object.keys(MISSING)];
    expect(named.filter((name) => !names.includes(name))).toEqual([]);
  });

  it("gives a source no tracepoints that it does not name", () => {
    defineSource({
      name: "typed",
      description: "Nothing.",
      byDefault: true,
      facility: xenSched,
      events: ["sched_sleep"],
      install({ events }) {
        // @ts-expect-error: it is no event of this source
        return disposable(() => events.sched_wake(0, 0));
      },
    });
  });
});

describe("installSources", () => {
  it("installs all, only some, or all but some", () => {
    const before = hooks();
    const changedBy = (selection?: { only?: string[]; except?: string[] }) => {
      const installed = installSources(context, selection);
      const changed = differences(before, hooks());
      installed.dispose();
      expect(differences(before, hooks())).toEqual([]);
      return changed;
    };
    expect(changedBy()).toEqual(
      expect.arrayContaining(["globalThis.setTimeout", "node:timers.setTimeout", "process.emit"]),
    );
    expect(changedBy({ only: ["errors"] })).toEqual(["listeners of uncaughtExceptionMonitor"]);
    expect(changedBy({ only: [] })).toEqual([]);
    const rest = changedBy({ except: ["timers"] });
    expect(rest).toContain("process.emit");
    expect(rest).not.toContain("globalThis.setTimeout");
    expect(changedBy({ only: ["errors", "timers"], except: ["timers"] })).toEqual([
      "listeners of uncaughtExceptionMonitor",
    ]);
  });

  it.each(["only", "except"])("refuses an unknown name in %s, and hooks nothing", (list) => {
    const before = hooks();
    const call = () => observeThread(context.member, { [list]: ["timers", "timer"] });
    expect(call).toThrow(TraceError);
    expect(call).toThrow(/no source is called "timer"; there are .*timers/);
    expect(differences(before, hooks())).toEqual([]);
  });
});

describe("installEach", () => {
  it("takes the sources away in reverse order, once", () => {
    const notes: string[] = [];
    const installed = installEach([noting("a", notes), noting("b", notes)], context);
    installed.dispose();
    installed.dispose();
    expect(notes).toEqual(["a in", "b in", "b out", "a out"]);
    expect(warnings()).toEqual([]);
  });

  it.each(["in", "out"] as const)("warns of a source that throws on its way %s", (way) => {
    const notes: string[] = [];
    const list = [noting("a", notes), noting("bad", notes, way), noting("c", notes)];
    installEach(list, context).dispose();
    expect(notes.filter((note) => !note.startsWith("bad"))).toEqual([
      "a in",
      "c in",
      "c out",
      "a out",
    ]);
    expect(warnings()).toEqual([expect.stringMatching(/^source bad is not .*: on purpose$/)]);
    expect(emit.mock.calls[0]?.[1]).toEqual({ type: "TbufWarning", code: "TBUF_SOURCE" });
  });

  it("warns where the thread is no CPU, and installs what needs none", () => {
    context.member.close();
    const before = hooks();
    const installed = installSources(context);
    expect(warnings()).toEqual([
      expect.stringMatching(/^source thread is not installed.*this thread is no CPU/),
      expect.stringMatching(/^source errors is not installed.*this thread is no CPU/),
      expect.stringMatching(/^source loop is not installed.*this thread is no CPU/),
    ]);
    expect(differences(before, hooks())).toContain("globalThis.setTimeout");
    installed.dispose();
  });
});
