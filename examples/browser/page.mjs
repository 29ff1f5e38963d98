// The page: dom0 of a hypervisor whose CPUs are Web Workers. Where the page may not share memory, it is
// the only CPU itself.

import { capabilities, facility, field, Hypervisor, u32 } from "tbuf";
import { setUpBench } from "./cost.mjs";
import { showLanes } from "./lanes.mjs";
import { BURST_MS, RATE, STOP, WORDS } from "./shared.mjs";
import { download } from "./snapshot.mjs";

const MEMORY_BYTES = 64 << 20;
/** How often the lanes are shown: less where the user has asked for less motion. */
const SHOW_MS = matchMedia("(prefers-reduced-motion: reduce)").matches ? 1000 : 100;

const $ = (id) => document.getElementById(id);
const hypervisor = Hypervisor.boot({ memoryBytes: MEMORY_BYTES, cpus: 16 });
const dom0 = hypervisor.dom0();
const words = new Int32Array(
  capabilities.crossThread ? new SharedArrayBuffer(4 * WORDS) : new ArrayBuffer(4 * WORDS),
);

/** What is being recorded now; undefined: nothing was created. */
let session;
let nextTid = 1;
const noTrace = $("totals").textContent;

function tell(text, bad = false) {
  $("status").textContent = text;
  $("status").classList.toggle("bad", bad);
}

function setRate() {
  const exponent = Number($("rate").value);
  const rate = exponent === 0 ? 0 : Math.round(10 ** exponent);
  Atomics.store(words, RATE, rate);
  $("rate-text").textContent = `${rate.toLocaleString("en")}/s`;
  $("rate").setAttribute("aria-valuetext", `${rate} records a second`);
}

function showButtons() {
  const active = session?.trace.info().active ?? false;
  $("create").disabled = session !== undefined;
  $("start").disabled = !session || active;
  $("stop").disabled = !active;
  $("destroy").disabled = !session;
  $("snapshot").disabled = !session;
  for (const id of ["writers", "clock", "mode", "subbuf-bytes", "subbuf-count"]) {
    $(id).disabled = session !== undefined;
  }
  if (!capabilities.crossThread) $("writers").disabled = true;
}

/** A worker that joins as a CPU. Resolves when it has. */
function spawnWriter(clock) {
  const tid = nextTid++;
  const worker = new Worker(new URL("./writer.js", import.meta.url), { type: "module" });
  const joined = new Promise((resolve, reject) => {
    worker.addEventListener("message", ({ data }) => resolve(data), { once: true });
    worker.addEventListener("error", (event) => {
      // It has died: its CPU is given back, what it recorded stays readable.
      hypervisor.reap(tid);
      reject(new Error(event.message || "a writer did not start"));
    });
  });
  worker.postMessage({ handle: hypervisor.handle(), tid, words, clock });
  return joined;
}

const own = facility("page", { sample: [field("n", u32), field("burst", u32)] });

/** Where memory cannot be shared: this thread records in bursts, as the workers do. */
function recordHere(clock) {
  const cpu = hypervisor.attach({ clock });
  let n = 0;
  const timer = setInterval(() => {
    if (Atomics.load(words, STOP) !== 0) {
      clearInterval(timer);
      cpu.detach();
      return;
    }
    const burst = Math.floor((Atomics.load(words, RATE) * BURST_MS) / 1000);
    for (let i = 0; i < burst; i++) own.sample(n++, burst);
  }, BURST_MS);
}

async function create() {
  const clock = $("clock").value;
  const count = Math.min(Math.max(Math.trunc($("writers").valueAsNumber) || 1, 1), 8);
  $("writers").value = String(count);
  const trace = dom0.createTrace("page", {
    events: "page",
    mode: $("mode").value,
    subbufBytes: Number($("subbuf-bytes").value),
    subbufCount: Number($("subbuf-count").value),
  });
  const ticker = clock === "coarse" ? hypervisor.startTicker() : undefined;
  session = { trace, ticker, consumer: undefined, records: 0, readAt: performance.now() };
  Atomics.store(words, STOP, 0);
  showButtons();
  if (capabilities.crossThread) {
    const joined = await Promise.all(Array.from({ length: count }, () => spawnWriter(clock)));
    const worst = Math.max(...joined.map(({ errorNs }) => errorNs ?? 0)) / 1000;
    tell(`Created. ${count} writers joined; their clocks are known to ${worst.toFixed(1)} us.`);
  } else {
    recordHere(clock);
    tell("Created. This thread is the writer.");
  }
  consume();
}

/** dom0 reads what the writers deliver for as long as the box is ticked. */
async function consume() {
  session?.consumer?.abort();
  if (!session || !$("consume").checked) return;
  const consumer = new AbortController();
  session.consumer = consumer;
  for await (const packet of session.trace.packets({ signal: consumer.signal, pollMs: 250 })) {
    if (packet.records === 0) throw new Error("an empty packet");
  }
}

function start() {
  session.trace.start();
  tell("Recording.");
}

function stop() {
  session.trace.stop();
  tell("Stopped. What was recorded stays in the buffers until it is read.");
}

async function destroy() {
  const { trace, ticker, consumer } = session;
  const before = hypervisor.frames().free;
  session = undefined;
  consumer?.abort();
  trace.destroy();
  Atomics.store(words, STOP, 1);
  ticker?.stop();
  showButtons();
  $("lanes").replaceChildren();
  $("totals").textContent = noTrace;
  const settled = await dom0.settled(2000);
  const freed = hypervisor.frames().free - before;
  tell(
    settled
      ? `Destroyed: ${freed} frames of 4096 bytes are free again.`
      : "Destroyed. Its frames are free once every writer has returned to its event loop.",
  );
}

function snapshot() {
  const { records, bytes } = download(dom0, session.trace);
  const kib = Math.ceil(bytes / 1024);
  tell(`Snapshot: ${records} records, ${kib} KiB. Unzip it, then: babeltrace2 tbuf-trace`);
}

function show() {
  if (!session) return;
  const info = session.trace.info();
  const total = showLanes($("lanes"), info);
  const now = performance.now();
  const seconds = (now - session.readAt) / 1000;
  if (seconds < 0.5) return;
  const rate = Math.max(0, total.records - session.records) / seconds;
  session.records = total.records;
  session.readAt = now;
  $("totals").textContent =
    `${Math.round(rate).toLocaleString("en")} records/s, ` +
    `${total.discarded.toLocaleString("en")} discarded, ` +
    `${total.overwritten.toLocaleString("en")} overwritten, ` +
    `${hypervisor.frames().free.toLocaleString("en")} frames free`;
}

/** Runs what a button asks for; what it refuses is told and changes nothing. */
function on(id, action) {
  $(id).addEventListener("click", async () => {
    try {
      await action();
    } catch (error) {
      tell(error.message, true);
    }
    showButtons();
  });
}

on("create", create);
on("start", start);
on("stop", stop);
on("destroy", destroy);
on("snapshot", snapshot);
$("rate").addEventListener("input", setRate);
$("consume").addEventListener("change", consume);
$("controls").addEventListener("submit", (event) => event.preventDefault());
if (!capabilities.crossThread) {
  $("writers").value = "1";
  $("mode-note").hidden = false;
  $("mode-note").textContent =
    "This page is not cross-origin isolated, so no memory can be shared: one thread records and reads.";
}
setRate();
showButtons();
setUpBench($("bench"), $("bench-status"), $("bench-plot"), $("bench-table"));
setInterval(show, SHOW_MS);
