// Boot: where everything lies, and which sizes are refused.

import { boot } from "../assembly/boot";
import { leave } from "../assembly/cpu";
import { resignDom0 } from "../assembly/dom0";
import { map } from "../assembly/page";
import { ABI_VERSION } from "../assembly/public/layout";
import { REASON_CORRUPT, REASON_NO_CPU, REASON_NO_MEMORY } from "../assembly/public/ops";
import { reason } from "../assembly/reason";
import { FRAMES_MOST, framesFree, hex, words } from "./machine";

/** The reason for which boot is refused; 0 when it is not. */
function refusal(frames: u32, cpus: u32): u32 {
  return boot(frames, cpus) ? reason() : 0;
}

beforeEach(() => {
  memory.fill(0, 0, FRAMES_MOST * 4096);
  leave();
  resignDom0();
});

describe("boot", () => {
  it("writes the control page", () => {
    expect(boot(64, 4)).toBe(0);
    expect(hex(4096, 4)).toBe("74 62 75 66");
    expect(words(4100, 1)).toBe(ABI_VERSION.toString());
    // Frames, CPUs; frame table at 32768, first frame 9, ready, nobody is dom0.
    expect(words(4104, 6)).toBe("64 4 32768 9 2 0");
    // No active trace, epoch 0, the next domain is 1.
    expect(words(4128, 3)).toBe("0 0 1");
    expect(framesFree()).toBe(55);
  });

  it("shares the control and the hypercall page with dom0, and no other", () => {
    boot(64, 4);
    expect(map(1, 1)).toBe(0);
    expect(map(2, 1)).toBe(0);
    for (let mfn: u32 = 3; mfn < 64; mfn++) expect(map(mfn, 1)).toBe(1);
  });

  it("owns its own frames, each a run of one: free are the others", () => {
    boot(64, 4);
    // Entries of frame 8 and 9: owner, run, references (2^30 is the owner's), share.
    expect(words(32768 + 8 * 16, 8)).toBe("1 1 1073741824 0 0 0 0 0");
  });
});

describe("the number of CPUs", () => {
  it("moves the frame table behind the CPU table", () => {
    expect(boot(128, 16)).toBe(0);
    // 28672 + 16 * 256 = 32768: still the frame behind; one more CPU needs another.
    expect(words(4112, 2)).toBe("32768 9");
    memory.fill(0, 0, FRAMES_MOST * 4096);
    expect(boot(128, 17)).toBe(0);
    expect(words(4112, 2)).toBe("36864 10");
  });

  it("is 256 at most", () => {
    expect(boot(128, 256)).toBe(0);
    expect(words(4112, 2)).toBe("94208 24");
    memory.fill(0, 0, FRAMES_MOST * 4096);
    expect(refusal(128, 257)).toBe(REASON_NO_CPU);
    expect(refusal(128, 0xffffffff)).toBe(REASON_NO_CPU);
  });

  it("is 1 at least", () => {
    expect(boot(64, 1)).toBe(0);
    memory.fill(0, 0, FRAMES_MOST * 4096);
    expect(refusal(64, 0)).toBe(REASON_NO_CPU);
  });
});

describe("the number of frames", () => {
  it("leaves one to allocate at least", () => {
    expect(refusal(9, 4)).toBe(REASON_NO_MEMORY);
    expect(boot(10, 4)).toBe(0);
    expect(framesFree()).toBe(1);
  });

  it("may need another frame for the frame table", () => {
    expect(boot(256, 4)).toBe(0);
    expect(framesFree()).toBe(247);
    memory.fill(0, 0, FRAMES_MOST * 4096);
    expect(boot(257, 4)).toBe(0);
    expect(framesFree()).toBe(247);
  });

  it("is 2 GiB at most, and nothing that overflows", () => {
    expect(refusal(524288, 4)).toBe(REASON_NO_MEMORY);
    expect(refusal(0x10000000, 4)).toBe(REASON_NO_MEMORY);
    expect(refusal(0x10000040, 4)).toBe(REASON_NO_MEMORY);
    expect(refusal(0xffffffff, 4)).toBe(REASON_NO_MEMORY);
    expect(refusal(0, 4)).toBe(REASON_NO_MEMORY);
    // Refused before anything was written: the memory can still be booted.
    expect(boot(64, 4)).toBe(0);
  });
});

describe("a memory that was booted", () => {
  it("is not booted again", () => {
    boot(64, 4);
    expect(refusal(32, 2)).toBe(REASON_CORRUPT);
    expect(words(4104, 3)).toBe("64 4 32768");
  });

  it("is not booted by a second thread while the first one boots", () => {
    store<u32>(4096 + 24, 1);
    expect(refusal(64, 4)).toBe(REASON_CORRUPT);
    expect(load<u32>(4096)).toBe(0);
  });
});
