// Event channels: a VIRQ becomes pending at its port, and dom0 is called once.

import { join } from "../assembly/cpu";
import { claimDom0, resignDom0 } from "../assembly/dom0";
import { alloc, bind, close, mask, notify, raise, take, unbind } from "../assembly/evtchn";
import * as privileged from "../assembly/privileged";
import {
  CTL_DOM0_AT,
  CTL_EVTCHNS_AT,
  CTL_MASK_AT,
  CTL_PENDING_AT,
  CTL_UPCALL_AT,
  CTL_WAITING_AT,
} from "../assembly/public/layout";
import {
  REASON_NOT_DOM0,
  REASON_PORT,
  REASON_PORTS_FULL,
  REASON_VIRQ,
  VIRQ_DOM_EXC,
  VIRQ_TBUF,
} from "../assembly/public/ops";
import { reason } from "../assembly/reason";
import { audit, found } from "./audit";
import { controlWord, fill, offset, reset, setControlWord, started } from "./machine";

/** Bits of the ports of VIRQ_DOM_EXC and VIRQ_TBUF: a port is its VIRQ's number. */
const EXC: u32 = 1 << 3;
const TBUF: u32 = 1 << 4;

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
    expect(bind(VIRQ_TBUF)).toBe(4);
    raise(VIRQ_TBUF);
    expect(pending()).toBe(TBUF);
    expect(upcall()).toBe(1);
    expect(take()).toBe(TBUF);
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
    expect(take()).toBe(TBUF);
  });

  it("calls again when the port was taken", () => {
    bind(VIRQ_TBUF);
    raise(VIRQ_TBUF);
    take();
    raise(VIRQ_TBUF);
    expect(upcall()).toBe(1);
    expect(take()).toBe(TBUF);
  });

  it("of two VIRQs makes two ports pending, taken together", () => {
    bind(VIRQ_TBUF);
    bind(VIRQ_DOM_EXC);
    raise(VIRQ_DOM_EXC);
    expect(pending()).toBe(EXC);
    raise(VIRQ_TBUF);
    expect(take()).toBe(EXC | TBUF);
  });

  it("calls dom0 while it waits, and leaves the number of waits to dom0", () => {
    bind(VIRQ_TBUF);
    setControlWord(CTL_WAITING_AT, 2);
    raise(VIRQ_TBUF);
    expect(upcall()).toBe(1);
    expect(take()).toBe(TBUF);
    expect(controlWord(CTL_WAITING_AT)).toBe(2);
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
    expect(take()).toBe(TBUF);
    fill(3);
    expect(pending()).toBe(0);
  });
});

describe("a thread that joins and leaves", () => {
  it("raises VIRQ_DOM_EXC", () => {
    bind(VIRQ_DOM_EXC);
    join(1, 1, 0);
    expect(take()).toBe(EXC);
  });
});

describe("bind", () => {
  it("gives the port of the VIRQ's own number, whatever else is bound", () => {
    expect(bind(VIRQ_TBUF)).toBe(4);
    expect(bind(0)).toBe(0);
    expect(bind(VIRQ_DOM_EXC)).toBe(3);
    expect(bind(23)).toBe(23);
    expect(unbind(VIRQ_DOM_EXC)).toBe(0);
    expect(bind(9)).toBe(9);
    expect(bind(VIRQ_DOM_EXC)).toBe(3);
  });

  it("takes every VIRQ there is, the last one too", () => {
    for (let virq: i32 = 0; virq < 24; virq++) expect(bind(virq)).toBe(virq);
    raise(23);
    expect(take()).toBe(0x800000);
    for (let virq: i32 = 0; virq < 24; virq++) raise(virq);
    expect(take()).toBe(0xffffff);
  });

  it("starts with a port that is neither pending nor masked, and touches no other", () => {
    setControlWord(CTL_PENDING_AT, 0xffffffff);
    setControlWord(CTL_MASK_AT, 0xffffffff);
    expect(bind(VIRQ_TBUF)).toBe(4);
    expect(pending()).toBe(~TBUF);
    expect(controlWord(CTL_MASK_AT)).toBe(~TBUF);
    setControlWord(CTL_PENDING_AT, 0);
    raise(VIRQ_TBUF);
    expect(upcall()).toBe(1);
    expect(take()).toBe(TBUF);
  });

  it("refuses a VIRQ that is bound", () => {
    bind(VIRQ_TBUF);
    expect(bind(VIRQ_TBUF)).toBe(-1);
    expect(reason()).toBe(REASON_VIRQ);
    raise(VIRQ_TBUF);
    expect(take()).toBe(TBUF);
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

  it("leaves a port that is neither pending nor masked, and touches no other", () => {
    bind(VIRQ_TBUF);
    setControlWord(CTL_PENDING_AT, 0xffffffff);
    setControlWord(CTL_MASK_AT, 0xffffffff);
    expect(unbind(VIRQ_TBUF)).toBe(0);
    expect(pending()).toBe(~TBUF);
    expect(controlWord(CTL_MASK_AT)).toBe(~TBUF);
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
    expect(mask(4, true)).toBe(0);
    raise(VIRQ_TBUF);
    expect(pending()).toBe(TBUF);
    expect(upcall()).toBe(0);
    expect(take()).toBe(0);
    expect(pending()).toBe(TBUF);
    expect(mask(4, false)).toBe(0);
    expect(upcall()).toBe(1);
    expect(take()).toBe(TBUF);
  });

  it("hold one port back and let the others through", () => {
    bind(VIRQ_TBUF);
    bind(VIRQ_DOM_EXC);
    mask(4, true);
    raise(VIRQ_TBUF);
    raise(VIRQ_DOM_EXC);
    expect(upcall()).toBe(1);
    expect(take()).toBe(EXC);
    expect(pending()).toBe(TBUF);
  });

  it("call nobody when nothing came", () => {
    bind(VIRQ_TBUF);
    mask(4, true);
    expect(mask(4, false)).toBe(0);
    expect(upcall()).toBe(0);
  });

  it("call nobody when something came elsewhere", () => {
    bind(VIRQ_TBUF);
    bind(VIRQ_DOM_EXC);
    mask(3, true);
    raise(VIRQ_DOM_EXC);
    expect(mask(4, false)).toBe(0);
    expect(upcall()).toBe(0);
  });

  it("may be said twice", () => {
    bind(VIRQ_TBUF);
    expect(mask(4, true)).toBe(0);
    expect(mask(4, true)).toBe(0);
    expect(controlWord(CTL_MASK_AT)).toBe(TBUF);
    expect(mask(4, false)).toBe(0);
    expect(mask(4, false)).toBe(0);
    expect(controlWord(CTL_MASK_AT)).toBe(0);
  });

  it("take the last port and refuse the one behind it", () => {
    expect(mask(31, true)).toBe(0);
    expect(controlWord(CTL_MASK_AT)).toBe(0x80000000);
    expect(mask(31, false)).toBe(0);
    expect(controlWord(CTL_MASK_AT)).toBe(0);
    for (let masked: i32 = 0; masked < 2; masked++) {
      expect(mask(32, masked == 1)).toBe(1);
      expect(reason()).toBe(REASON_PORT);
      expect(mask(0xffffffff, masked == 1)).toBe(1);
      expect(reason()).toBe(REASON_PORT);
      expect(controlWord(CTL_MASK_AT)).toBe(0);
    }
  });
});

describe("a port that is allocated", () => {
  it("is above those of the VIRQs, and there are as many as ports are left", () => {
    for (let port: i32 = 24; port < 32; port++) expect(alloc()).toBe(port);
    expect(alloc()).toBe(-1);
    expect(reason()).toBe(REASON_PORTS_FULL);
    expect(close(29)).toBe(0);
    expect(alloc()).toBe(29);
  });

  it("keeps what is notified until it is unmasked (I11)", () => {
    expect(alloc()).toBe(24);
    expect(notify(24)).toBe(0);
    expect(pending()).toBe(1 << 24);
    expect(upcall()).toBe(0);
    expect(take()).toBe(0);
    expect(mask(24, false)).toBe(0);
    expect(upcall()).toBe(1);
    expect(take()).toBe(1 << 24);
    expect(take()).toBe(0);
  });

  it("calls dom0 once while it is pending, and again when it was taken", () => {
    alloc();
    mask(24, false);
    notify(24);
    expect(upcall()).toBe(1);
    setControlWord(CTL_UPCALL_AT, 0);
    notify(24);
    expect(upcall()).toBe(0);
    expect(take()).toBe(1 << 24);
    notify(24);
    expect(upcall()).toBe(1);
    expect(take()).toBe(1 << 24);
  });

  it("leaves VIRQs and other ports alone", () => {
    bind(VIRQ_TBUF);
    alloc();
    alloc();
    mask(25, false);
    notify(24);
    notify(25);
    raise(VIRQ_TBUF);
    expect(take()).toBe(TBUF | (1 << 25));
    expect(close(24)).toBe(0);
    expect(pending()).toBe(0);
    expect(controlWord(CTL_EVTCHNS_AT)).toBe(1 << 25);
    notify(25);
    expect(take()).toBe(1 << 25);
  });

  it("begins neither pending nor let through, whatever was left there", () => {
    setControlWord(CTL_PENDING_AT, 0xffffffff);
    setControlWord(CTL_MASK_AT, 0);
    expect(alloc()).toBe(24);
    expect(pending()).toBe(~(1 << 24));
    expect(controlWord(CTL_MASK_AT)).toBe(1 << 24);
  });
});

describe("notify", () => {
  it("refuses a port that nobody has allocated, one of a VIRQ, and one that was closed", () => {
    bind(VIRQ_TBUF);
    expect(notify(24)).toBe(1);
    expect(reason()).toBe(REASON_PORT);
    expect(notify(VIRQ_TBUF)).toBe(1);
    expect(notify(32)).toBe(1);
    expect(notify(0xffffffff)).toBe(1);
    expect(notify(56)).toBe(1);
    alloc();
    expect(notify(25)).toBe(1);
    expect(close(24)).toBe(0);
    expect(notify(24)).toBe(1);
    expect(reason()).toBe(REASON_PORT);
    expect(pending()).toBe(0);
    expect(upcall()).toBe(0);
  });
});

describe("close", () => {
  it("takes what was pending away, and its mask", () => {
    alloc();
    notify(24);
    expect(close(24)).toBe(0);
    expect(pending()).toBe(0);
    expect(controlWord(CTL_MASK_AT)).toBe(0);
    expect(controlWord(CTL_EVTCHNS_AT)).toBe(0);
  });

  it("refuses what is not allocated", () => {
    bind(VIRQ_TBUF);
    expect(close(24)).toBe(1);
    expect(reason()).toBe(REASON_PORT);
    expect(close(VIRQ_TBUF)).toBe(1);
    expect(close(32)).toBe(1);
    expect(close(0xffffffff)).toBe(1);
    raise(VIRQ_TBUF);
    expect(take()).toBe(TBUF);
  });
});

describe("another dom0", () => {
  it("finds no port allocated, and nothing pending", () => {
    privileged.alloc();
    notify(24);
    resignDom0();
    expect(notify(24)).toBe(1);
    claimDom0(0);
    expect(notify(24)).toBe(1);
    expect(pending()).toBe(0);
    expect(privileged.alloc()).toBe(24);
    notify(24);
    // It dies: nobody resigns.
    setControlWord(CTL_DOM0_AT, 0);
    claimDom0(0);
    expect(controlWord(CTL_EVTCHNS_AT)).toBe(0);
    expect(pending()).toBe(0);
  });

  it("alone may allocate and close", () => {
    resignDom0();
    expect(privileged.alloc()).toBe(-1);
    expect(reason()).toBe(REASON_NOT_DOM0);
    claimDom0(0);
    expect(privileged.alloc()).toBe(24);
    resignDom0();
    expect(privileged.close(24)).toBe(1);
    expect(reason()).toBe(REASON_NOT_DOM0);
    claimDom0(0);
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
