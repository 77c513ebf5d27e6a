/**
 * How the values of a feature are distributed, in the reference and lately: word-sized, since
 * there may be hundreds on a page.
 */

import { el, say, set, svg } from "./dom.js";
import { percent, plain } from "./format.js";

const WIDTH = 240;
const HEIGHT = 72;

/** @param {Object} first What a distribution is of; see `web/distributions.py`. */
export function distribution(first) {
  return first.kind === "numeric" ? numbers() : names();
}

/**
 * Bins are those of the reference and hold about as much each, so the reference is nearly flat
 * and what stands out of it has changed.
 */
function numbers() {
  const reference = svg("path", { class: "reference" });
  const now = svg("path", { class: "now" });
  const ends = [el("span"), el("span"), el("span")];
  const drawing = svg(
    "svg",
    { class: "histogram", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" },
    reference,
    now,
  );
  const root = el("div", {}, drawing, el("p", { class: "ends quiet" }, ...ends));

  function update({ edges, reference: before, now: lately }) {
    const most = Math.max(...before, ...(lately ?? []), 1e-9) * 1.1;
    set(reference, "d", steps(before, most, true));
    set(now, "d", lately === null ? "" : steps(lately, most, false));
    const middle = edges[Math.floor(edges.length / 2)] ?? null;
    [edges[0] ?? null, middle, edges.at(-1) ?? null].forEach((edge, place) => say(ends[place], plain(edge)));
  }

  return { root, update };
}

function steps(shares, most, closed) {
  const width = WIDTH / Math.max(shares.length, 1);
  const points = shares.flatMap((share, bin) => {
    const y = (HEIGHT - (HEIGHT * share) / most).toFixed(1);
    return [`${(bin * width).toFixed(1)} ${y}`, `${((bin + 1) * width).toFixed(1)} ${y}`];
  });
  if (points.length === 0) return "";
  const line = `M${points.join("L")}`;
  return closed ? `${line}L${WIDTH} ${HEIGHT}L0 ${HEIGHT}Z` : line;
}

function names() {
  const root = el("ul", { class: "levels" });

  function update({ levels, reference, now }) {
    const most = Math.max(...reference, ...(now ?? []), 1e-9);
    root.replaceChildren(
      ...levels.map((level, place) => {
        const before = reference[place];
        const lately = now === null ? null : now[place];
        return el(
          "li",
          {},
          el("bdi", {}, level === "__other__" ? "all others" : level),
          el("span", { class: "bars", "aria-hidden": "true" }, bar("reference", before / most), bar("now", (lately ?? 0) / most)),
          el("span", { class: "number" }, `${percent(before)} → ${percent(lately)}`),
        );
      }),
    );
  }

  return { root, update };
}

function bar(kind, part) {
  const mark = el("span", { class: `bar ${kind}` });
  // Through the object model: the policy forbids style attributes.
  mark.style.width = `${(100 * part).toFixed(1)}%`;
  return mark;
}
