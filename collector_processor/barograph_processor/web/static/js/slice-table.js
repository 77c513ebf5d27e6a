/** The slices that do worst: their risk in its unit, how sure that is, how it went. */

import { el, keep, say, set } from "./dom.js";
import { evidenceWord } from "./evidence.js";
import { count, moment, percent } from "./format.js";
import { endsOf, figureOf, unitOf, valueOf } from "./loss.js";
import { levels } from "./slice-name.js";
import { sparkline } from "./sparkline.js";

const TITLES = ["Slice", "Wrong", "95 % interval", "Reference", "Tolerated", "Over time", "Evidence", "Labels"];
const NUMBERS = new Set(["Wrong", "95 % interval", "Reference", "Tolerated", "Evidence", "Labels"]);

export function sliceTable() {
  const parts = new Map();
  const body = el("tbody");
  const heads = TITLES.map((title) =>
    el("th", { scope: "col", class: NUMBERS.has(title) ? "number" : null }, title),
  );
  const table = el(
    "table",
    { class: "drift" },
    el("caption", { class: "unseen" }, "The slices that do worst against the rest"),
    el("thead", {}, el("tr", {}, ...heads)),
    body,
  );
  const scroll = el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Slices, scrolls sideways" }, table);
  const none = el("p", { class: "quiet" }, "No slice has been judged yet. It takes labels, and slices that the application names, as in observe(slices=(\"region\",)).");
  return {
    root: el("div", {}, scroll, none),
    /**
     * @param {Object[]} slices As the API answers, the surest first.
     * @param {{task: ?string, scale: number}} loss How their risks are read.
     */
    update(slices, loss) {
      say(heads[1], unitOf(loss));
      scroll.hidden = slices.length === 0;
      none.hidden = slices.length > 0;
      const told = slices.map((status) => ({ ...status, loss }));
      keep(body, parts, told, (status) => JSON.stringify(status.slice), row);
    },
  };
}

function row(first) {
  const cells = Object.fromEntries(
    ["risk", "interval", "reference", "tolerated", "evidence", "labels"].map((key) => [key, el("td", { class: "number" })]),
  );
  const known = el("small");
  const line = sparkline(28, "evidence");
  const root = el(
    "tr",
    {},
    el("th", { scope: "row" }, ...levels(first.slice), known),
    cells.risk,
    cells.interval,
    cells.reference,
    cells.tolerated,
    el("td", {}, line.root),
    cells.evidence,
    cells.labels,
  );
  return {
    root,
    update(status) {
      const { loss } = status;
      const { time, risk } = status.trend;
      set(root, "data-alarm", status.alarm ? "true" : null);
      say(known, remark(status));
      say(cells.risk, figureOf(status.risk, loss));
      say(cells.interval, status.risk === null ? percent(null) : endsOf([status.lower, status.upper], loss));
      say(cells.reference, figureOf(status.reference, loss));
      say(cells.tolerated, figureOf(status.tolerated, loss));
      say(cells.evidence, status.evidence === null ? percent(null) : evidenceWord(status));
      say(cells.labels, status.labels === null ? percent(null) : count(Math.round(status.labels)));
      const values = risk.map((each) => valueOf(each, loss));
      const level = valueOf(status.tolerated, loss);
      const high = values.reduce((a, b) => Math.max(a, b ?? 0), loss.task === "ranking" ? 1 : 2 * level);
      line.update(time, values, { low: 0, high, level });
    },
  };
}

/** What else is to be known of a slice: that the reference did not hold it, that it is gone, or that nobody named it. */
function remark({ new_since: came, gone_since: gone, proposed }) {
  if (gone !== null) return `no traffic since ${moment(gone)}`;
  if (proposed) return "found in the inputs";
  return came === null ? "" : `new since ${moment(came)}`;
}
