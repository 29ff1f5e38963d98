// One lane a CPU: its sub-buffers as they fill, and the words of its ring.

const FIGURES = [
  ["offset", ({ offset }) => offset],
  ["consumed", ({ consumed }) => consumed],
  ["records", ({ records }) => records],
  ["read", ({ taken }) => taken],
  ["discarded", ({ discardedFull, discardedBig }) => discardedFull + discardedBig],
  ["pushed over", ({ overwritten }) => overwritten],
];

function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

function makeLane(cpu, subbufCount) {
  const subbufs = Array.from({ length: subbufCount }, () =>
    element("div", "subbuf", element("i", "")),
  );
  const figures = FIGURES.map(([name]) => {
    const value = element("dd", "");
    return { value, row: element("div", "", element("dt", "", name), value) };
  });
  const bar = element("div", "subbufs", ...subbufs);
  bar.setAttribute("role", "img");
  const list = element("dl", "", ...figures.map(({ row }) => row));
  const lane = element("li", "lane", element("h3", "", `CPU ${cpu}`), bar, list);
  lane.dataset.cpu = String(cpu);
  return Object.assign(lane, { bar, subbufs, values: figures.map(({ value }) => value) });
}

/** Shows where the writer and the reader are: positions run on, a sub-buffer has its place modulo. */
function fill(lane, { offset, consumed }, { subbufBytes, subbufCount }) {
  const current = Math.floor(offset / subbufBytes);
  lane.subbufs.forEach((box, i) => {
    const turn = current - ((((current - i) % subbufCount) + subbufCount) % subbufCount);
    const begin = turn * subbufBytes;
    const from = Math.max(begin, consumed);
    const to = Math.min(begin + subbufBytes, offset);
    const part = turn >= 0 && to > from ? (to - from) / subbufBytes : 0;
    const [bar] = box.children;
    bar.style.insetInlineStart = `${part === 0 ? 0 : ((from - begin) / subbufBytes) * 100}%`;
    bar.style.inlineSize = `${part * 100}%`;
    box.classList.toggle("writing", turn === current);
  });
  const unread = Math.min(1, (offset - consumed) / (subbufBytes * subbufCount));
  lane.bar.setAttribute(
    "aria-label",
    `${Math.round(unread * 100)} percent is written and not read`,
  );
}

/** Updates the lanes. @returns the sums over all CPUs */
export function showLanes(list, info) {
  const total = { records: 0, discarded: 0, overwritten: 0 };
  for (const cpu of info.cpus) {
    let lane = [...list.children].find(({ dataset }) => dataset.cpu === String(cpu.cpu));
    if (!lane) {
      lane = makeLane(cpu.cpu, info.subbufCount);
      list.append(lane);
    }
    fill(lane, cpu, info);
    FIGURES.forEach(([, read], i) => {
      lane.values[i].textContent = read(cpu).toLocaleString("en");
    });
    total.records += cpu.records;
    total.discarded += cpu.discardedFull + cpu.discardedBig;
    total.overwritten += cpu.overwritten;
  }
  return total;
}
