// A writer's end: what is closed stays closed, whoever has its descriptors' numbers by then.

import { closeSync, openSync, readFileSync, statSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { NewFile } from "../../src/node/files/new-file.js";
import { CtfWriter } from "../../src/node/index.js";
import { freshDir } from "../lib/record.js";

const clock = { timeOriginMs: 0, bootMs: 0, wallNs: 0n };
const packet = {
  cpu: 0,
  begin: 1n,
  end: 2n,
  records: 0,
  discarded: 0,
  bytes: new Uint8Array(64).fill(7),
};

/** Files that take over the numbers of descriptors that were closed. */
function others(count: number): { fds: number[]; intact(): void } {
  const dir = freshDir();
  const paths = Array.from({ length: count }, (_, i) => join(dir, String(i)));
  for (const path of paths) writeFileSync(path, "precious");
  const fds = paths.map((path) => openSync(path, "r+"));
  return {
    fds,
    intact() {
      for (const path of paths) expect(readFileSync(path, "utf8")).toBe("precious");
      // A descriptor that was closed by somebody else refuses this.
      for (const fd of fds) expect(writeSync(fd, "p")).toBe(1);
      for (const fd of fds) closeSync(fd);
    },
  };
}

describe("a CtfWriter after finish: what is not its own is not touched", () => {
  function finished() {
    const dir = join(freshDir(), "trace");
    const writer = new CtfWriter({ dir, clock });
    writer.write(packet);
    writer.finish();
    return { dir, writer };
  }

  it("closes nothing in a second finish", () => {
    const { writer } = finished();
    const { intact } = others(4);
    writer.finish();
    intact();
  });

  it("refuses packets and descriptions with `closed`, and writes nothing", () => {
    const { dir, writer } = finished();
    const before = ["metadata", "xen_0"].map((name) => readFileSync(join(dir, name)));
    const { intact } = others(4);
    const closed = expect.objectContaining({ code: "closed" });
    expect(() => writer.write(packet)).toThrow(closed);
    expect(() => writer.write({ ...packet, cpu: 9 })).toThrow(closed);
    expect(() => writer.describe([])).toThrow(closed);
    intact();
    expect(["metadata", "xen_0"].map((name) => readFileSync(join(dir, name)))).toEqual(before);
  });

  it("is closed too when the losses could not be read", () => {
    const writer = new CtfWriter({ dir: join(freshDir(), "trace"), clock });
    const losses = (function* () {
      yield { cpu: 0, discarded: 1 };
      throw new Error("no losses today");
    })();
    expect(() => writer.finish(losses)).toThrow("no losses today");
    const { intact } = others(4);
    writer.finish();
    expect(() => writer.write(packet)).toThrow(/after finish/);
    intact();
  });

  it("holds for each of its files", () => {
    const file = new NewFile(join(freshDir(), "file"), 0o600);
    file.append([Uint8Array.of(1)]);
    file.close();
    const { intact } = others(2);
    file.close();
    expect(() => file.append([Uint8Array.of(2)])).toThrow(
      expect.objectContaining({ code: "closed" }),
    );
    intact();
  });
});

describe("permissions", () => {
  const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

  it("let nobody but the owner read a trace, unless told otherwise", () => {
    const dir = join(freshDir(), "deep", "trace");
    const writer = new CtfWriter({ dir, clock });
    writer.write(packet);
    writer.finish();
    const modes = [dir, join(dir, "metadata"), join(dir, "xen_0")].map(modeOf);
    expect(modes).toEqual(["700", "600", "600"]);
  });

  it("are what the program says, and an existing directory keeps its own", () => {
    const dir = freshDir();
    const before = modeOf(dir);
    new CtfWriter({ dir, clock, fileMode: 0o640, dirMode: 0o750 }).finish();
    expect([dir, join(dir, "metadata")].map(modeOf)).toEqual([before, "640"]);
    const made = join(freshDir(), "made");
    new CtfWriter({ dir: made, clock, fileMode: 0o640, dirMode: 0o750 }).finish();
    expect(modeOf(made)).toBe("750");
  });

  it.each([-1, 0o1000, 1.5, "600", Number.NaN])("cannot be %j", (mode) => {
    const options = { dir: join(freshDir(), "trace"), clock, fileMode: mode as number };
    expect(() => new CtfWriter(options)).toThrow(/fileMode must be an integer from 0 to 0o777/);
  });
});
