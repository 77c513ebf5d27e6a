/** Drift by feature: how far each has moved, how sure that is, and how it went. */

import { el, keep, say, set } from "./dom.js";
import { evidenceWord } from "./evidence.js";
import { percent, plain } from "./format.js";
import { sparkline } from "./sparkline.js";
import { signalWord } from "./words.js";

const COLUMNS = [
  { key: "name", title: "What", value: wordOf },
  { key: "evidence", title: "Evidence", value: (s) => s.evidence, number: true },
  { key: "distance", title: "Distance", value: (s) => s.distance, number: true },
  { key: "evidence-trend", title: "Evidence over time" },
  { key: "distance-trend", title: "Distance over time" },
  { key: "missing", title: "Missing", value: (s) => s.missing, number: true },
  { key: "unseen", title: "Unseen", value: (s) => s.unseen, number: true },
  { key: "out_of_range", title: "Out of range", value: (s) => s.out_of_range, number: true },
];

export function driftTable() {
  const parts = new Map();
  const body = el("tbody");
  const heads = new Map();
  let order = { key: "evidence", descending: true };
  let streams = [];

  const head = el("tr");
  for (const column of COLUMNS) {
    const cell = el("th", { scope: "col", class: column.number ? "number" : null });
    if (column.value) {
      cell.append(el("button", { type: "button", onclick: () => sortBy(column.key) }, column.title));
      heads.set(column.key, cell);
    } else cell.append(column.title);
    head.append(cell);
  }
  const table = el(
    "table",
    { class: "drift" },
    el("caption", { class: "unseen" }, "Drift by feature; the headers sort."),
    el("thead", {}, head),
    body,
  );
  const key = el(
    "p",
    { class: "quiet key" },
    "Evidence is a multiple of what the alarm budget asks for: from 1 × on it is an alarm. Distance is 0 where nothing changed.",
  );
  const none = el("p", { class: "quiet" }, "No window has been judged yet.");
  const root = el("div", {}, el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Table, scrolls sideways" }, table), key, none);

  function sortBy(key) {
    order = { key, descending: order.key === key ? !order.descending : key !== "name" };
    show();
  }

  function show() {
    for (const [key, cell] of heads) {
      set(cell, "aria-sort", key !== order.key ? null : order.descending ? "descending" : "ascending");
    }
    const { value } = COLUMNS.find((column) => column.key === order.key);
    const sorted = streams.toSorted((one, other) => compare(value(one), value(other)));
    if (order.descending) sorted.reverse();
    table.parentElement.hidden = key.hidden = streams.length === 0;
    none.hidden = streams.length > 0;
    keep(body, parts, sorted, (stream) => JSON.stringify([stream.signal, stream.feature]), row);
  }

  return {
    root,
    /** @param {Object[]} to What is watched for drift, as the API answers. */
    update(to) {
      streams = to;
      show();
    },
  };
}

function row(first) {
  const evidence = el("td", { class: "number" });
  const distance = el("td", { class: "number" });
  const shares = ["missing", "unseen", "out_of_range"].map((key) => [key, el("td", { class: "number" })]);
  const certainty = sparkline(28, "evidence");
  const distances = sparkline(28, "distance");
  const name = first.feature === null ? el("span") : el("bdi", { title: first.feature }, first.feature);
  const kind = el("span", { class: "quiet" }, signalWord(first.signal));
  if (first.feature === null) say(name, wordOf(first));
  const root = el(
    "tr",
    {},
    el("th", { scope: "row" }, name, " ", first.feature === null ? null : kind),
    evidence,
    distance,
    el("td", {}, certainty.root),
    el("td", {}, distances.root),
    ...shares.map(([, cell]) => cell),
  );
  return {
    root,
    update(stream) {
      const { time, distance: far, evidence: sure } = stream.trend;
      set(root, "data-alarm", stream.alarm ? "true" : null);
      say(evidence, evidenceWord(stream));
      say(distance, plain(stream.distance));
      for (const [key, cell] of shares) say(cell, stream[key] === 0 ? "0" : percent(stream[key]));
      certainty.update(time, sure, { low: -4, high: 4, level: 0 });
      distances.update(time, far, { low: 0, high: far.reduce((a, b) => Math.max(a, b ?? 0), 0.2) });
    },
  };
}

/** A feature by its name; without one it is all inputs together, the output, or the confidence. */
function wordOf({ signal, feature }) {
  if (feature !== null) return feature;
  return signal === "input.drift" ? "All inputs together" : signalWord(signal);
}

function compare(one, other) {
  if (typeof one === "string") return one.localeCompare(other);
  return (one ?? -Infinity) - (other ?? -Infinity);
}
