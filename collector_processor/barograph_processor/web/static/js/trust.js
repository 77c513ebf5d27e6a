/** What users do with predictions: the trust that it shows, and each kind of reaction. */

import { course } from "./course.js";
import { el } from "./dom.js";
import { percent } from "./format.js";
import { banded, stack, usual } from "./stack.js";

const DISTRUST = new Set(["overridden", "rejected", "retried", "escalated"]);

export function trustSection() {
  const courses = course("Trust and reactions of users over time");
  const key = el("p", { class: "quiet key" }, "Shaded: 95 % intervals. Dashed: the reference. Amber: what shows distrust.");
  const root = el("div", {}, courses.root, key);

  /** @returns {boolean} Whether there is anything to show. */
  function update({ time, lines }) {
    const shown = lines.filter(({ key: which }) => which === "trust" || which === "reaction").sort(trustFirst);
    if (shown.length === 0) return false;
    const columns = shown.map((line) => ({ title: titleOf(line), ...line.trend, say: percent }));
    courses.update(time, columns, (look) => stack(shown.map((line) => panel(time, line, look.colours)), time, look));
    return true;
  }

  return { root, update };
}

function panel(time, line, colours) {
  const trust = line.key === "trust";
  const colour = trust ? colours.quality : DISTRUST.has(line.name) ? colours.errors : colours.latency;
  return {
    title: titleOf(line),
    height: trust ? 130 : 70,
    share: true,
    range: rangeOf(line, trust),
    data: banded(time, line.trend, line.name ?? "trust", colours, true, colour),
    levels: usual(line.held, colours),
  };
}

/** Kinds of reactions are words of ours. */
function titleOf({ key, name }) {
  return key === "trust" ? "Trust: reactions without distrust (% of those who reacted)" : `${name} (% of predictions)`;
}

/** Trust as near as it moves; a rate from zero, not so far up as its first, wide interval. */
function rangeOf({ trend, held }, trust) {
  const values = [...trend.value, held].filter((value) => value !== null);
  const ends = (column) => column.filter((value) => value !== null);
  const high = Math.max(...values);
  if (!trust) return [0, Math.max(Math.min(Math.max(...ends(trend.upper), high), 2.5 * high), 0.01)];
  const low = Math.min(...values);
  return [Math.max(Math.min(...ends(trend.lower), low, high - 0.1), 2 * low - high - 0.1, 0), Math.min(high + 0.05, 1.005)];
}

const trustFirst = (one, other) => Number(other.key === "trust") - Number(one.key === "trust");
