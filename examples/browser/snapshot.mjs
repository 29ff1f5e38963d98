// A snapshot of a trace as a CTF directory in a zip file, which babeltrace2 reads once it is unpacked.

import { zipSync } from "fflate";
import { TraceFiles } from "tbuf/ctf";

/** The archive of what is in the buffers now. Nothing is consumed, nobody is stopped. */
export function archive(dom0, trace) {
  const files = new TraceFiles({
    dom0,
    env: { hostname: location.hostname || "page", runtime: "browser", runtime_version: agent() },
  });
  let records = 0;
  for (const packet of trace.snapshot()) {
    files.write(packet);
    records += packet.records;
  }
  const entries = [...files.finish()].map(([name, bytes]) => [`tbuf-trace/${name}`, bytes]);
  return { records, zip: zipSync(Object.fromEntries(entries)) };
}

function agent() {
  const found = /(Firefox|Chrome|Version)\/[\d.]+/.exec(navigator.userAgent);
  return found ? found[0] : "unknown";
}

/** Has the browser save the archive. @returns what is in it */
export function download(dom0, trace) {
  const { records, zip } = archive(dom0, trace);
  const url = URL.createObjectURL(new Blob([zip], { type: "application/zip" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = "tbuf-trace.zip";
  link.click();
  // After the browser has taken it.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
  return { records, bytes: zip.length };
}
