/** One alarm: what changed, since when, how sure, what else was seen, and what to do. */

import { ask } from "./api.js";
import { el, terms } from "./dom.js";
import { figure } from "./figure.js";
import { lasting, moment, percent, plain } from "./format.js";
import { endsOf, figureOf, lossOf } from "./loss.js";
import { modelLink } from "./route.js";
import { levels } from "./slice-name.js";
import { KEY, timeline } from "./timeline.js";
import { windowTable } from "./window-table.js";
import { evidenceSentence, nameOf, operationsSentence, severityWord, signalWord } from "./words.js";

/** Signals whose figures are shares. */
const SHARES = new Set(["trust", "calibration", "loop", "blind"]);

/** @param {string} id */
export function alarmPage(id) {
  const words = el("div");
  const plot = figure("Quality, latency, errors and traffic around the change");
  const table = windowTable();
  const key = el("p", { class: "quiet key" }, KEY);
  const root = el("div", { class: "model" }, words, plot.root, key, table.root);
  let shown = "";
  let windows = null;

  async function refresh(signal) {
    const alarm = await ask("/api/page/alarm", { id }, signal);
    const query = { name: alarm.model, version: alarm.version };
    if (windows !== null) query.after = String(windows);
    const model = await ask("/api/page/model", query, signal);
    const { loss } = model.reference;
    const told = JSON.stringify([alarm, loss]);
    if (told !== shown) words.replaceChildren(...wordsOf(alarm, loss));
    if (model.series !== null) {
      const { series } = model;
      windows = series.window.at(-1) ?? null;
      plot.root.hidden = key.hidden = table.root.hidden = windows === null;
      const { since, raised, resolved, severity } = alarm;
      const mark = { since, raised, resolved, harm: severity === "page", shaded: true };
      const metric = model.quality.metric ?? "accuracy";
      plot.update((look) => timeline(series, model, metric, [mark], look));
      table.update(series, metric);
    }
    shown = told;
    return { title: `Alarm: ${nameOf({ name: alarm.model, version: alarm.version })}`, news: alarm.sentence };
  }

  return { root, refresh };
}

function wordsOf(alarm, loss) {
  const { model: name, version } = alarm;
  return [
    el(
      "p",
      { class: "crumb" },
      el("a", { href: "#/" }, "All models"),
      " / ",
      el("a", { href: modelLink({ name, version }) }, el("bdi", {}, name), " ", el("bdi", {}, version)),
    ),
    el("h1", { class: "sentence", dir: "auto" }, alarm.sentence),
    el("h2", {}, "What to do"),
    el("p", {}, alarm.advice),
    el("h2", {}, "What is known"),
    terms([
      ["About", about(alarm)],
      ["State", alarm.resolved === null ? "open" : `resolved ${moment(alarm.resolved)}`],
      ["Since", sinceWords(alarm)],
      ["Noticed", `${moment(alarm.raised)}, in window ${alarm.raised_window}`],
      alarm.before === null ? null : ["Before", value(alarm, alarm.before, loss)],
      alarm.now === null ? null : ["Now", interval(alarm, loss)],
      ...(alarm.apart.length > 0 ? [["Worst where", apart(alarm, loss)]] : []),
      // What is raised by a rule, as that nothing comes, rests on no evidence.
      alarm.threshold === 0 ? null : ["Evidence", evidenceSentence(alarm.evidence, alarm.threshold)],
      ["Latency, errors, traffic", operationsSentence(alarm.operational)],
    ]),
    el("h2", {}, "Predictions that show it"),
    traces(alarm),
    el("h2", {}, "Around the change"),
  ];
}

function about(alarm) {
  const node = el("span", {}, `${signalWord(alarm.signal)} (${severityWord(alarm.severity)})`);
  if (alarm.feature !== null) node.append(", ", el("bdi", {}, alarm.feature));
  if (alarm.slice !== null) node.append(", ", ...levels(Object.entries(alarm.slice)));
  return node;
}

/** Each slice on a line of its own: one that all traffic moved to has nothing to be compared with. */
function apart(alarm, loss) {
  const told = (figure) => (isLoss(alarm) ? figureOf(figure, loss) : value(alarm, figure));
  const lines = alarm.apart.map(({ slice, now, rest, came }) => {
    const since = came === null ? "" : `, new since ${moment(came)}`;
    const words = rest === null ? `: all of the traffic${since}` : `: ${told(now)} against ${told(rest)} elsewhere${since}`;
    return el("li", {}, ...levels(slice), words);
  });
  return el("ul", {}, ...lines);
}

function sinceWords(alarm) {
  const before = lasting(alarm.since, alarm.raised);
  const delay = before === "" ? "" : `, ${before} before it was noticed`;
  return `${moment(alarm.since)}, window ${alarm.since_window}${delay}`;
}

const isLoss = ({ signal }) => signal === "risk" || signal === "slice";

/** A risk is told as the loss that it is; drift, worth and evaluations are in units of their own. */
function value(alarm, figure, loss) {
  if (isLoss(alarm)) return lossOf(figure, loss);
  return SHARES.has(alarm.signal) ? percent(figure) : plain(figure);
}

function interval(alarm, loss) {
  const now = value(alarm, alarm.now, loss);
  if (alarm.interval === null) return now;
  const ends = isLoss(alarm) ? endsOf(alarm.interval, loss) : alarm.interval.map((end) => value(alarm, end)).join(" to ");
  return `${now}, 95 % interval ${ends}`;
}

function traces(alarm) {
  if (alarm.trace_ids.length === 0) return el("p", { class: "quiet" }, "No trace is known.");
  const hint = alarm.trace_links.length > 0 ? null : el("p", { class: "quiet" }, "Set trace_url in [serve] to have them as links to your traces.");
  const list = el(
    "ul",
    { class: "traces" },
    ...alarm.trace_ids.map((trace, place) => {
      const link = alarm.trace_links[place];
      const query = new URLSearchParams({ trace_id: trace, model: alarm.model, version: alarm.version });
      return el(
        "li",
        {},
        isWebAddress(link) ? el("a", { href: link, rel: "noreferrer" }, trace) : el("code", {}, trace),
        " · ",
        el("a", { href: `/api/predictions?${query}`, "aria-label": `What became of ${trace}` }, "what became of it"),
      );
    }),
  );
  return el("div", {}, list, hint);
}

const isWebAddress = (link) => /^https?:\/\//.test(link ?? "");
