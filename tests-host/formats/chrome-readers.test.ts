// Chrome trace events in programs that read them: each finds what was written, and has no complaint.

import { createRequire } from "node:module";
import { dirname } from "node:path";
import { type Duplex, Readable } from "node:stream";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { startBrowser } from "../../scripts/lib/browsers.mjs";
import { filesOf, servePages } from "../../scripts/lib/pages.mjs";
import { eventClassOf } from "../../src/ctf/event-class.js";
import type { RecordEntry, TraceEntry } from "../../src/ctf/index.js";
import { core } from "../../src/facilities/index.js";
import { type SlicePair, toChrome } from "../../src/formats/chrome.js";
import { UUID } from "../lib/ctf-traces.js";
import { entries, recordOf } from "../lib/entries.js";
import { itWith } from "../lib/peers.js";
import { tookRecord, tookRecords } from "../lib/took.js";

const require = createRequire(import.meta.url);

const metadata = {
  uuid: UUID,
  clockOffsetNs: 0n,
  env: { runtime: "node", runtime_version: "20", hostname: "h", process: 4711 },
};
const slices: readonly SlicePair[] = [
  ["all:begin", "all:end", "n"],
  ["all:begin inner", "all:end inner"],
  ["all:begin third", "all:end third"],
];
const jsonOf = (some: Iterable<TraceEntry>) => [...toChrome(some, { metadata, slices })].join("");

function named(cpu: number, name: string): RecordEntry {
  const definition = core.events.find((each) => each.name === "domain_info");
  if (!definition) throw new Error("no event");
  const fields = { dom: 1, vcpu: cpu, tid: 5, name };
  const eventClass = eventClassOf("core", definition);
  return { kind: "record", cpu, timestamp: 500n, event: "core:domain_info", eventClass, fields };
}

/** Two threads with slices in slices, requests that overlap, a loss, slices without an end, and what took time. */
function* program(): Generator<TraceEntry> {
  let timestamp = 1000n;
  const at = (name: string, cpu: number, fields: Record<string, unknown>) => {
    timestamp += 1500n;
    return recordOf(name, fields, { cpu, timestamp });
  };
  yield named(0, "main");
  yield named(1, "worker 1");
  for (let n = 0; n < 100; n++) {
    for (const cpu of [0, 1]) {
      yield at("begin", cpu, { n: 2 * n + cpu });
      yield at("begin inner", cpu, { n });
      yield at("begin third", cpu, { n });
      yield at("none", cpu, {});
      yield at("end third", cpu, { n: n + 1 });
      yield at("end inner", cpu, { n: n + 1 });
      // Within the slice before, around it, and across it.
      for (const [start, duration] of [
        [4n, 1n],
        [9n, 20n],
        [5n, 9n],
      ] as const) {
        const ended = { start: timestamp - 1000n * start, duration: 1000n * duration };
        yield tookRecord({ ...ended, n, cpu, timestamp });
      }
      if (n > 0) yield at("end", cpu, { n: 2 * (n - 1) + cpu });
    }
  }
  yield { kind: "loss", cpu: 1, records: 3, timestamp, since: undefined };
}

interface Event {
  readonly ph: string;
  readonly name: string;
  readonly ts: number;
  readonly dur?: number;
  readonly tid: number;
}

const eventsOf = (json: string) => (JSON.parse(json) as { traceEvents: Event[] }).traceEvents;

describe("@clinic/trace-events-parser", () => {
  const parser = require("@clinic/trace-events-parser") as () => Duplex;

  async function parsed(json: string, chunk: number): Promise<Event[]> {
    const chunks = Array.from({ length: Math.ceil(json.length / chunk) }, (_, i) =>
      Buffer.from(json.slice(i * chunk, (i + 1) * chunk)),
    );
    return (await Readable.from(chunks).pipe(parser()).toArray()) as Event[];
  }
  const seen = ({ ph, name, ts, tid }: Event) => ({ ph, name, ts, tid });

  it.each([1000, 65536])("reads all events, in pieces of %i characters", async (chunk) => {
    const json = jsonOf(program());
    expect((await parsed(json, chunk)).map(seen)).toEqual(eventsOf(json).map(seen));
  });

  it("reads a trace without records", async () => {
    expect((await parsed(jsonOf([]), 65536)).map(({ name }) => name)).toEqual(["process_name"]);
  });
});

describe("@paulirish/trace_engine", () => {
  interface Engine {
    readonly TraceModel: {
      readonly Model: { createWithAllHandlers(): Model };
    };
  }
  interface Model {
    parse(events: readonly Event[]): Promise<void>;
    parsedTrace(): { readonly data: Data; readonly traceEvents: readonly Event[] } | null;
  }
  interface Data {
    readonly Meta: {
      readonly traceBounds: { readonly min: number; readonly max: number };
      readonly threadsInProcess: ReadonlyMap<
        number,
        ReadonlyMap<number, { readonly args: { readonly name: string } }>
      >;
    };
    /** What was put into the tree of boxes in boxes of each thread. */
    readonly Renderer: { readonly entryToNode: ReadonlyMap<Event, unknown> };
  }

  async function analyzed(events: readonly Event[]) {
    const path = "@paulirish/trace_engine/models/trace/trace.js";
    const { TraceModel } = (await import(path)) as Engine;
    const model = TraceModel.Model.createWithAllHandlers();
    await model.parse(events);
    const result = model.parsedTrace();
    if (!result) throw new Error("the engine has no result");
    return result;
  }

  it("accepts the trace, with its threads and its time", async () => {
    const events = eventsOf(jsonOf(program()));
    const { data, traceEvents } = await analyzed(events);
    expect(traceEvents).toHaveLength(events.length);
    const threads = data.Meta.threadsInProcess.get(4711) ?? new Map();
    expect([...threads].map(([tid, { args }]) => [tid, args.name])).toEqual([
      [0, "CPU 0: main"],
      [1, "CPU 1: worker 1"],
    ]);
    const { min, max } = data.Meta.traceBounds;
    const times = events
      .filter(({ ph }) => ph !== "M")
      .flatMap(({ ts, dur = 0 }) => [ts, ts + dur]);
    expect(min).toBeGreaterThanOrEqual(Math.min(...times));
    expect(max).toBeGreaterThan(2000);
    expect(max).toBeLessThanOrEqual(Math.max(...times));
  });

  it("finds a place for each slice among those of its thread", async () => {
    await fc.assert(
      fc.asyncProperty(tookRecords, async (some) => {
        // Ends of different slices differ: their sums of doubles need not be equal where the times are.
        const apart = some.map(({ fields, ...record }, i) => {
          const start = 1000n * (fields.start as bigint) + BigInt(i);
          const duration = 1000n * (fields.duration as bigint) + 100n;
          return { ...record, fields: { ...fields, start, duration } };
        });
        const { data, traceEvents } = await analyzed(eventsOf(jsonOf(apart)));
        const slices = traceEvents.filter(({ ph }) => ph === "X");
        expect(slices.filter((slice) => !data.Renderer.entryToNode.has(slice))).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  it("accepts whatever records there are", async () => {
    await fc.assert(
      fc.asyncProperty(entries, async (some) => {
        await analyzed(eventsOf(jsonOf(some)));
      }),
      { numRuns: 30 },
    );
  });
});

describe("speedscope", () => {
  const closers: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  /** What the page says when it has opened the trace, and what it shows at its top. */
  async function opened(json: string): Promise<{ said: string[]; title: string }> {
    const dir = `${dirname(require.resolve("speedscope/package.json"))}/dist/release`;
    const files = filesOf(dir);
    const find = (path: string) => (path === "/trace.json" ? json : files(path));
    const server = await servePages(find);
    closers.push(() => server.close());
    const browser = await startBrowser("chromium");
    closers.push(() => browser.close());
    const page = await browser.newPage();
    const said: string[] = [];
    page.on("console", (message) => said.push(message.text()));
    page.on("pageerror", (error) => said.push(String(error)));
    await page.goto(`${server.url}#profileURL=${encodeURIComponent("/trace.json")}`);
    const isShown = "document.body.innerText.includes('pid 4711')";
    await page.waitForFunction(isShown, { timeout: 20_000 });
    return { said, title: (await page.evaluate("document.body.innerText")) as string };
  }

  itWith("chromium")("shows each thread, and has nothing to complain of", async () => {
    const { said, title } = await opened(jsonOf(program()));
    expect(title).toMatch(/node 20 on h \(pid 4711\), CPU [01]: \S+/);
    // Its version, how long it took, and what the browser says of its own drawing.
    const usual = /^(speedscope v|import: |WebGL |\[)/;
    expect(said.filter((line) => !usual.test(line))).toEqual([
      "Importing as Trace Event Format profile",
    ]);
  });
});
