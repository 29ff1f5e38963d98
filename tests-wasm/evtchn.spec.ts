// Event channels: a VIRQ becomes pending at its port, and dom0 is called once.

import { join } from "../assembly/cpu";
import { bind, mask, raise, take, unbind, unmask, waiting } from "../assembly/evtchn";
import {
  CTL_MASK_AT,
  CTL_PENDING_AT,
  CTL_UPCALL_AT,
  CTL_WAITING_AT,
} from "../assembly/public/layout";
import { REASON_PORT, REASON_VIRQ, VIRQ_DOM_EXC, VIRQ_TBUF } from "../assembly/public/ops";
import { reason } from "../assembly/reason";
import { audit, found } from "./audit";
import { controlWord, fill, offset, reset, setControlWord, started } from "./world";

function upcall(): u32 {
  return controlWord(CTL_UPCALL_AT);
}

function pending(): u32 {
  return controlWord(CTL_PENDING_AT);
}

beforeEach(() => {
  reset();
});
afterEach(audit);

describe("raise", () => {
  it("makes the port pending and calls dom0, which takes it once", () => {
    expect(bind(VIRQ_TBUF)).toBe(0);
    raise(VIRQ_TBUF);
    expect(pending()).toBe(1);
    expect(upcall()).toBe(1);
    expect(take()).toBe(1);
    expect(pending()).toBe(0);
    expect(upcall()).toBe(0);
    expect(take()).toBe(0);
  });

  it("is coalesced while the port is pending", () => {
    bind(VIRQ_TBUF);
    raise(VIRQ_TBUF);
    setControlWord(CTL_UPCALL_AT, 0);
    raise(VIRQ_TBUF);
    raise(VIRQ_TBUF);
    expect(upcall()).toBe(0);
    expect(take()).toBe(1);
  });

  it("calls again when the port was taken", () => {
    bind(VIRQ_TBUF);
    raise(VIRQ_TBUF);
    take();
    raise(VIRQ_TBUF);
    expect(upcall()).toBe(1);
    expect(take()).toBe(1);
  });

  it("of two VIRQs makes two ports pending, taken together", () => {
    expect(bind(VIRQ_TBUF)).toBe(0);
    expect(bind(VIRQ_DOM_EXC)).toBe(1);
    raise(VIRQ_DOM_EXC);
    expect(pending()).toBe(2);
    raise(VIRQ_TBUF);
    expect(take()).toBe(3);
  });

  it("calls dom0 while it waits", () => {
    bind(VIRQ_TBUF);
    waiting(1);
    waiting(1);
    expect(controlWord(CTL_WAITING_AT)).toBe(2);
    raise(VIRQ_TBUF);
    expect(upcall()).toBe(1);
    waiting(-1);
    waiting(-1);
    expect(controlWord(CTL_WAITING_AT)).toBe(0);
  });

  it("of what is not bound does nothing", () => {
    raise(VIRQ_TBUF);
    raise(VIRQ_DOM_EXC);
    expect(pending()).toBe(0);
    expect(upcall()).toBe(0);
    expect(take()).toBe(0);
  });
});

describe("a switch", () => {
  it("raises VIRQ_TBUF when its sub-buffer is delivered, and no record before (I11)", () => {
    const port = bind(VIRQ_TBUF);
    join(1, 1, 0);
    const ring = started("a", 64, 4);
    fill(3);
    expect(pending()).toBe(0);
    fill(1);
    expect(offset(ring)).toBe(80);
    expect(take()).toBe(1 << port);
    fill(2);
    expect(pending()).toBe(0);
    fill(1);
    expect(take()).toBe(1 << port);
  });

  it("raises nothing when the record is discarded", () => {
    bind(VIRQ_TBUF);
    join(1, 1, 0);
    started("a", 64, 2);
    fill(6);
    expect(take()).toBe(1);
    fill(3);
    expect(pending()).toBe(0);
  });
});

describe("a thread that joins and leaves", () => {
  it("raises VIRQ_DOM_EXC", () => {
    bind(VIRQ_DOM_EXC);
    join(1, 1, 0);
    expect(take()).toBe(1);
  });
});

describe("bind", () => {
  it("gives the lowest free port", () => {
    expect(bind(VIRQ_TBUF)).toBe(0);
    expect(bind(VIRQ_DOM_EXC)).toBe(1);
    expect(bind(7)).toBe(2);
    expect(unbind(VIRQ_DOM_EXC)).toBe(0);
    expect(bind(9)).toBe(1);
  });

  it("takes every VIRQ there is, the last one too", () => {
    for (let virq: i32 = 0; virq < 24; virq++) expect(bind(virq)).toBe(virq);
    raise(23);
    expect(take()).toBe(0x800000);
  });

  it("starts with a port that is neither pending nor masked", () => {
    bind(VIRQ_TBUF);
    mask(0);
    raise(VIRQ_TBUF);
    unbind(VIRQ_TBUF);
    expect(bind(VIRQ_DOM_EXC)).toBe(0);
    expect(controlWord(CTL_MASK_AT)).toBe(0);
    expect(pending()).toBe(0);
    raise(VIRQ_DOM_EXC);
    expect(take()).toBe(1);
  });

  it("refuses a VIRQ that is bound", () => {
    bind(VIRQ_TBUF);
    expect(bind(VIRQ_TBUF)).toBe(-1);
    expect(reason()).toBe(REASON_VIRQ);
    raise(VIRQ_TBUF);
    expect(take()).toBe(1);
  });

  it("refuses a number that is no VIRQ", () => {
    expect(bind(24)).toBe(-1);
    expect(reason()).toBe(REASON_VIRQ);
    expect(bind(0xffffffff)).toBe(-1);
    expect(reason()).toBe(REASON_VIRQ);
  });
});

describe("unbind", () => {
  it("takes what was pending away, and later raises do nothing", () => {
    bind(VIRQ_TBUF);
    raise(VIRQ_TBUF);
    expect(unbind(VIRQ_TBUF)).toBe(0);
    expect(take()).toBe(0);
    raise(VIRQ_TBUF);
    expect(pending()).toBe(0);
  });

  it("refuses what is not bound", () => {
    expect(unbind(VIRQ_TBUF)).toBe(1);
    expect(reason()).toBe(REASON_VIRQ);
    bind(VIRQ_TBUF);
    unbind(VIRQ_TBUF);
    expect(unbind(VIRQ_TBUF)).toBe(1);
    expect(unbind(24)).toBe(1);
    expect(reason()).toBe(REASON_VIRQ);
    expect(unbind(0xffffffff)).toBe(1);
    expect(reason()).toBe(REASON_VIRQ);
  });
});

describe("mask and unmask", () => {
  it("hold the call back, and give it when the port is unmasked (I11)", () => {
    bind(VIRQ_TBUF);
    expect(mask(0)).toBe(0);
    raise(VIRQ_TBUF);
    expect(pending()).toBe(1);
    expect(upcall()).toBe(0);
    expect(take()).toBe(0);
    expect(pending()).toBe(1);
    expect(unmask(0)).toBe(0);
    expect(upcall()).toBe(1);
    expect(take()).toBe(1);
  });

  it("hold one port back and let the others through", () => {
    bind(VIRQ_TBUF);
    bind(VIRQ_DOM_EXC);
    mask(0);
    raise(VIRQ_TBUF);
    raise(VIRQ_DOM_EXC);
    expect(upcall()).toBe(1);
    expect(take()).toBe(2);
    expect(pending()).toBe(1);
  });

  it("call nobody when nothing came", () => {
    bind(VIRQ_TBUF);
    mask(0);
    expect(unmask(0)).toBe(0);
    expect(upcall()).toBe(0);
  });

  it("take the last port and refuse the one behind it", () => {
    expect(mask(31)).toBe(0);
    expect(controlWord(CTL_MASK_AT)).toBe(0x80000000);
    expect(unmask(31)).toBe(0);
    expect(controlWord(CTL_MASK_AT)).toBe(0);
    expect(mask(32)).toBe(1);
    expect(reason()).toBe(REASON_PORT);
    expect(unmask(32)).toBe(1);
    expect(reason()).toBe(REASON_PORT);
    expect(mask(0xffffffff)).toBe(1);
    expect(reason()).toBe(REASON_PORT);
    expect(controlWord(CTL_MASK_AT)).toBe(0);
  });
});

describe("pending bits that nobody set", () => {
  it("are taken, and are gone (I10)", () => {
    setControlWord(CTL_PENDING_AT, 0xffffffff);
    setControlWord(CTL_MASK_AT, 0x0000ffff);
    expect(take()).toBe(0xffff0000);
    expect(take()).toBe(0);
    expect(pending()).toBe(0x0000ffff);
  });
});

describe("afterwards", () => {
  it("memory is sound after every test (I9)", () => {
    expect(found()).toBe("");
  });
});
