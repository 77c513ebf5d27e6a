/** What came after the predictions: trust, outcomes, loops, reviews, promises; and how each went. */

import { el, keep, say, set } from "./dom.js";
import { percent, plain } from "./format.js";
import { sparkline } from "./sparkline.js";

const WORDS = {
  calibration: ["Calibration error", percent],
  "gap.estimated": ["Beyond what the scores promised:", signed],
  "gap.offline": ["Beyond the offline figure:", signed],
  review: ["Quality of the last weeks, by those drawn for review", percent],
  trust: ["Trust of those who reacted", percent],
  reacted: ["Predictions reacted to", percent],
  reaction: ["Reaction:", percent],
  top_share: ["Share of the most frequent output", percent],
  entropy: ["Variety of outputs (entropy)", plain],
  self_label_share: ["Labels that the model gave itself", percent],
  policy_gap: ["Risk where the model decided, beyond the hold-out", signed],
  outcome: ["Worth of a prediction, in", plain],
  cost: ["Cost of the last degradation, in", plain],
};

export function aftermathTable() {
  const parts = new Map();
  const body = el("tbody");
  const heads = [["What"], ["Now", "number"], ["95 % interval", "number"], ["Reference", "number"], ["Over time"]];
  const table = el(
    "table",
    { class: "drift" },
    el("caption", { class: "unseen" }, "What came after the predictions"),
    el("thead", {}, el("tr", {}, ...heads.map(([text, kind = null]) => el("th", { scope: "col", class: kind }, text)))),
    body,
  );
  const none = el("p", { class: "quiet" }, "No reaction, outcome, review or score to hold against labels has arrived yet.");
  const root = el("div", {}, el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Table, scrolls sideways" }, table), none);

  /** @param {{time: number[], lines: Object[]}} to As the API answers. */
  function update({ time, lines }) {
    table.parentElement.hidden = lines.length === 0;
    none.hidden = lines.length > 0;
    const timed = lines.map((line) => ({ ...line, time }));
    keep(body, parts, timed, (line) => JSON.stringify([line.key, line.name]), row);
  }

  return { root, update };
}

function row({ key, name }) {
  const [words, figure] = WORDS[key] ?? [key, plain];
  const cells = [el("td", { class: "number" }), el("td", { class: "number" }), el("td", { class: "number" })];
  const line = sparkline(28, "quality");
  const head = el("th", { scope: "row" }, words);
  if (name !== null) head.append(" ", el("bdi", {}, name));
  const root = el("tr", {}, head, ...cells, el("td", {}, line.root));

  function update({ value, lower, upper, held, alarm, time, trend }) {
    set(root, "data-alarm", alarm ? "" : null);
    say(cells[0], figure(value));
    say(cells[1], lower === null || upper === null ? "–" : `${figure(lower)} to ${figure(upper)}`);
    say(cells[2], figure(held));
    const seen = [...trend.value, held].filter((one) => one !== null);
    const low = Math.min(...seen);
    const high = Math.max(...seen);
    const room = (high - low) * 0.1 || Math.abs(high) * 0.1 || 1;
    line.update(time, trend.value, { low: low - room, high: high + room, level: held });
  }

  return { root, update };
}

function signed(value) {
  if (value === null || value === undefined) return percent(value);
  return `${value > 0 ? "+" : ""}${percent(value)}`;
}
