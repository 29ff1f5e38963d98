// tb_control and the other hypercalls: what dom0 may ask for, and that a refusal changes nothing.

import { tb_control } from "../assembly/control";
import { reap } from "../assembly/cpu";
import { claimDom0, isDom0, resignDom0 } from "../assembly/dom0";
import * as privileged from "../assembly/privileged";
import {
  CTL_DOM0_AT,
  CTL_MASK_AT,
  CTL_PENDING_AT,
  CTL_TRACES_AT,
  HYPERCALL_AT,
  TRACE_MODE_AT,
  TRACE_NAME_AT,
  TRACE_NAME_BYTES_AT,
  TRACE_PATTERN_BYTES_AT,
} from "../assembly/public/layout";
import {
  NO_CPU,
  OP_CONSUME,
  OP_CREATE,
  OP_DESTROY,
  OP_GET_INFO,
  OP_START,
  OP_STOP,
  REASON_DOM0_TAKEN,
  REASON_MODE,
  REASON_NAME_BAD,
  REASON_NAME_IN_USE,
  REASON_NAME_UNKNOWN,
  REASON_NOT_DOM0,
  REASON_PATTERN,
  REASON_SUBBUF_BYTES,
  REASON_SUBBUF_COUNT,
  REASON_UNKNOWN_OP,
  TBC_ACTIVE_AT,
  TBC_CPU_AT,
  TBC_MFN_AT,
} from "../assembly/public/ops";
import { reason } from "../assembly/reason";
import { audit, found } from "./audit";
import {
  changed,
  consume,
  control,
  controlWord,
  create,
  elsewhere,
  frameOf,
  framesFree,
  hex,
  IMAGE,
  image,
  info,
  limit,
  named,
  remember,
  reset,
  setControlWord,
  words,
} from "./machine";

/** The reason for which a create is refused, with its limit; "" when it is not. */
function refusal(bytes: u32, count: u32): string {
  store<u32>(HYPERCALL_AT, 0);
  if (!create("x", bytes, count)) return "";
  return reason().toString() + " limit " + limit().toString();
}

/** The reason for which an op on the trace `name` is refused; 0 when it is not. */
function reasonOf(op: u32, name: string): u32 {
  return control(op, name) ? reason() : 0;
}

beforeEach(() => {
  reset();
});
afterEach(audit);

describe("an op", () => {
  it("of each kind returns 0 when it succeeds", () => {
    expect(create("a", 64, 4)).toBe(0);
    expect(control(OP_START, "a")).toBe(0);
    expect(control(OP_STOP, "a")).toBe(0);
    store<u32>(HYPERCALL_AT, NO_CPU, TBC_CPU_AT);
    expect(control(OP_GET_INFO, "a")).toBe(0);
    expect(control(OP_DESTROY, "a")).toBe(0);
  });

  it("beyond the last one is refused", () => {
    create("a", 64, 4);
    remember();
    expect(reasonOf(6, "a")).toBe(REASON_UNKNOWN_OP);
    expect(reasonOf(0xffffffff, "a")).toBe(REASON_UNKNOWN_OP);
    expect(changed()).toBe(0);
  });

  it("on a name that is unknown is refused", () => {
    create("a", 64, 4);
    remember();
    expect(reasonOf(OP_GET_INFO, "b")).toBe(REASON_NAME_UNKNOWN);
    expect(reasonOf(OP_DESTROY, "b")).toBe(REASON_NAME_UNKNOWN);
    expect(reasonOf(OP_START, "aa")).toBe(REASON_NAME_UNKNOWN);
    expect(reasonOf(OP_STOP, "A")).toBe(REASON_NAME_UNKNOWN);
    expect(reasonOf(OP_CONSUME, "b")).toBe(REASON_NAME_UNKNOWN);
    expect(changed()).toBe(0);
  });
});

describe("get_info", () => {
  it("tells a trace's frame, and gives a fresh copy of it", () => {
    create("a", 64, 4);
    create("trace", 128, 8, 1);
    control(OP_START, "trace");
    memory.fill(IMAGE, 0xff, 3076);
    expect(info("trace")).toBe(0);
    const frame = load<u32>(HYPERCALL_AT, TBC_MFN_AT) << 12;
    expect(frame).toBe(controlWord(CTL_TRACES_AT + 4));
    expect(load<u32>(HYPERCALL_AT, TBC_ACTIVE_AT)).toBe(1);
    expect(words(IMAGE, 8)).toBe("2 1 1 128 8 0 5 0");
    expect(hex(IMAGE + TRACE_NAME_AT, 6)).toBe("74 72 61 63 65 00");
    expect(hex(IMAGE, 3076)).toBe(hex(frame, 3076));
  });
});

describe("a name", () => {
  it("may have 63 bytes", () => {
    const longest = "n".repeat(63);
    expect(create(longest, 64, 4)).toBe(0);
    expect(control(OP_START, longest)).toBe(0);
    expect(reasonOf(OP_START, "n".repeat(62))).toBe(REASON_NAME_UNKNOWN);
  });

  it("may not have 64, nor none, nor more than there are", () => {
    create("a", 64, 4);
    remember();
    for (let op: u32 = 0; op < 6; op++) {
      expect(reasonOf(op, "n".repeat(64))).toBe(REASON_NAME_BAD);
      expect(limit()).toBe(63);
      expect(reasonOf(op, "")).toBe(REASON_NAME_BAD);
      store<u32>(IMAGE, 0xffffffff, TRACE_NAME_BYTES_AT);
      expect(tb_control(op)).toBe(1);
      expect(reason()).toBe(REASON_NAME_BAD);
    }
    expect(changed()).toBe(0);
  });

  it("is bytes of UTF-8: any but its own is another", () => {
    expect(create("été", 64, 4)).toBe(0);
    expect(control(OP_START, "été")).toBe(0);
    expect(reasonOf(OP_START, "ete")).toBe(REASON_NAME_UNKNOWN);
    expect(hex(frameOf("été") + TRACE_NAME_AT, 6)).toBe("c3 a9 74 c3 a9 00");
  });

  it("that is in use is refused, whatever else is asked", () => {
    create("a", 64, 4);
    remember();
    expect(create("a", 64, 4)).toBe(1);
    expect(reason()).toBe(REASON_NAME_IN_USE);
    expect(create("a", 63, 0, 7)).toBe(1);
    expect(reason()).toBe(REASON_NAME_IN_USE);
    expect(changed()).toBe(0);
    expect(create("ab", 64, 4)).toBe(0);
  });
});

describe("a size", () => {
  it("of a sub-buffer is a power of two from 64 to 64 MiB", () => {
    remember();
    expect(refusal(0, 2)).toBe("6 limit 67108864");
    expect(refusal(32, 2)).toBe("6 limit 67108864");
    expect(refusal(63, 2)).toBe("6 limit 67108864");
    expect(refusal(65, 2)).toBe("6 limit 67108864");
    expect(refusal(96, 2)).toBe("6 limit 67108864");
    expect(refusal(134217728, 2)).toBe("6 limit 67108864");
    expect(refusal(0x80000000, 2)).toBe("6 limit 67108864");
    expect(refusal(0xffffffff, 2)).toBe("6 limit 67108864");
    expect(REASON_SUBBUF_BYTES).toBe(6);
    expect(changed()).toBe(0);
    expect(refusal(64, 2)).toBe("");
  });

  it("of the number of sub-buffers is a power of two from 2 to 64", () => {
    remember();
    expect(refusal(64, 0)).toBe("7 limit 64");
    expect(refusal(64, 1)).toBe("7 limit 64");
    expect(refusal(64, 3)).toBe("7 limit 64");
    expect(refusal(64, 128)).toBe("7 limit 64");
    expect(refusal(64, 0x80000000)).toBe("7 limit 64");
    expect(REASON_SUBBUF_COUNT).toBe(7);
    expect(changed()).toBe(0);
    expect(refusal(64, 64)).toBe("");
  });

  it("of both together is 1 GiB at most", () => {
    remember();
    expect(refusal(67108864, 32)).toBe("6 limit 33554432");
    expect(refusal(67108864, 64)).toBe("6 limit 16777216");
    expect(refusal(33554432, 64)).toBe("6 limit 16777216");
    expect(changed()).toBe(0);
    // No CPU is there, so no ring is needed yet.
    expect(refusal(67108864, 16)).toBe("");
  });
});

describe("a mode", () => {
  it("is discard or overwrite", () => {
    image("a", 64, 4, 2);
    remember();
    expect(tb_control(OP_CREATE)).toBe(1);
    expect(reason()).toBe(REASON_MODE);
    store<u32>(IMAGE, 0xffffffff, TRACE_MODE_AT);
    expect(tb_control(OP_CREATE)).toBe(1);
    expect(reason()).toBe(REASON_MODE);
    expect(changed()).toBe(0);
  });
});

describe("a pattern", () => {
  it("has 1408 bytes at most", () => {
    image("a", 64, 4);
    remember();
    store<u32>(IMAGE, 1409, TRACE_PATTERN_BYTES_AT);
    expect(tb_control(OP_CREATE)).toBe(1);
    expect(reason()).toBe(REASON_PATTERN);
    expect(limit()).toBe(1408);
    store<u32>(IMAGE, 0xffffffff, TRACE_PATTERN_BYTES_AT);
    expect(tb_control(OP_CREATE)).toBe(1);
    expect(reason()).toBe(REASON_PATTERN);
    expect(changed()).toBe(0);
    store<u32>(IMAGE, 1408, TRACE_PATTERN_BYTES_AT);
    expect(tb_control(OP_CREATE)).toBe(0);
  });
});

describe("dom0", () => {
  it("is one thread at a time", () => {
    expect(isDom0()).toBe(true);
    expect(controlWord(CTL_DOM0_AT)).toBe(1);
    expect(claimDom0(5)).toBe(1);
    expect(reason()).toBe(REASON_DOM0_TAKEN);
    expect(isDom0()).toBe(true);
    resignDom0();
    expect(isDom0()).toBe(false);
    expect(claimDom0(5)).toBe(0);
    expect(controlWord(CTL_DOM0_AT)).toBe(6);
  });

  it("is domain 0; other threads are domains from 1 on", () => {
    expect(elsewhere(7)).toBe(0);
    expect(elsewhere(0)).toBe(1);
    expect(elsewhere(8)).toBe(2);
    // State, tid + 1, domain.
    expect(words(28672, 3)).toBe("2 8 1");
    expect(words(28672 + 256, 3)).toBe("2 1 0");
    expect(words(28672 + 512, 3)).toBe("2 9 2");
  });

  it("resigns only for itself: a claim that another thread made stays", () => {
    setControlWord(CTL_DOM0_AT, 9);
    expect(isDom0()).toBe(false);
    resignDom0();
    expect(controlWord(CTL_DOM0_AT)).toBe(9);
  });

  it("that was reaped has lost its claim, and does not win it back", () => {
    reap(0);
    expect(controlWord(CTL_DOM0_AT)).toBe(0);
    expect(isDom0()).toBe(false);
    expect(create("a", 64, 4)).toBe(1);
    expect(reason()).toBe(REASON_NOT_DOM0);
    setControlWord(CTL_DOM0_AT, 5);
    expect(isDom0()).toBe(false);
  });
});

describe("a thread that is not dom0", () => {
  it("is refused every op, and changes nothing", () => {
    create("a", 64, 4);
    resignDom0();
    remember();
    for (let op: u32 = 0; op < 7; op++) expect(reasonOf(op, "a")).toBe(REASON_NOT_DOM0);
    named("b");
    expect(tb_control(OP_CREATE)).toBe(1);
    expect(reason()).toBe(REASON_NOT_DOM0);
    expect(consume("a", 0, 0, 0)).toBe(1);
    expect(reason()).toBe(REASON_NOT_DOM0);
    expect(changed()).toBe(0);
    expect(framesFree()).toBe(118);
  });

  it("is refused every other hypercall, and changes nothing", () => {
    expect(privileged.bind(4)).toBe(4);
    setControlWord(CTL_PENDING_AT, 1);
    resignDom0();
    remember();
    expect(privileged.map(1, 1)).toBe(1);
    expect(reason()).toBe(REASON_NOT_DOM0);
    expect(privileged.unmap(1)).toBe(1);
    expect(privileged.bind(3)).toBe(-1);
    expect(privileged.unbind(4)).toBe(1);
    expect(reason()).toBe(REASON_NOT_DOM0);
    expect(privileged.mask(4, true)).toBe(1);
    expect(reason()).toBe(REASON_NOT_DOM0);
    expect(privileged.mask(4, false)).toBe(1);
    expect(reason()).toBe(REASON_NOT_DOM0);
    expect(privileged.take()).toBe(0);
    expect(privileged.settle()).toBe(0);
    expect(changed()).toBe(0);
  });
});

describe("dom0's other hypercalls", () => {
  it("are done", () => {
    expect(privileged.map(1, 1)).toBe(0);
    expect(privileged.unmap(1)).toBe(0);
    expect(privileged.bind(4)).toBe(4);
    expect(privileged.mask(4, true)).toBe(0);
    expect(controlWord(CTL_MASK_AT)).toBe(16);
    expect(privileged.mask(4, false)).toBe(0);
    expect(controlWord(CTL_MASK_AT)).toBe(0);
    setControlWord(CTL_PENDING_AT, 1);
    expect(privileged.take()).toBe(1);
    expect(privileged.unbind(4)).toBe(0);
    expect(privileged.settle()).toBe(1);
  });
});

describe("afterwards", () => {
  it("memory is sound after every test (I9)", () => {
    expect(found()).toBe("");
  });
});
