/** One model: how it stands and why, quality and operations on one time axis, drift, alarms. */

import { aftermathTable } from "./aftermath.js";
import { alarmList } from "./alarm-list.js";
import { ask } from "./api.js";
import { calibrationFigure } from "./calibration.js";
import { badge } from "./card.js";
import { distributionGrid } from "./distributions.js";
import { driftTable } from "./drift-table.js";
import { el, say, terms } from "./dom.js";
import { figure } from "./figure.js";
import { count, duration, lasting, latency, moment, percent, plain, quality } from "./format.js";
import { labelSection } from "./labels.js";
import { figureOf, lossOf, unitOf } from "./loss.js";
import { outcomeSection } from "./outcomes.js";
import { sliceTable } from "./slice-table.js";
import { KEY, timeline } from "./timeline.js";
import { trustSection } from "./trust.js";
import { windowTable } from "./window-table.js";
import { metricWord, nameOf, operationsSentence, sinceOf, stateOf, withoutName } from "./words.js";

/** @param {string} name @param {string} version */
export function modelPage(name, version) {
  const state = badge();
  const since = el("p", { class: "since-text" });
  const reasons = el("ul", { class: "reasons" });
  const operations = el("p", { class: "operations" });
  const facts = el("div");
  const warnings = el("ul", { class: "warnings" });
  const choice = el("select", { id: "metric", onchange: () => draw() });
  const plot = figure("Quality, latency, errors and traffic over time", reading);
  const key = el("p", { class: "quiet key" }, KEY);
  const windows = windowTable();
  const slices = sliceTable();
  const drift = driftTable();
  const aftermath = aftermathTable();
  const people = trustSection();
  const trust = section("What users do with the predictions", people.root);
  const values = outcomeSection();
  const worth = section("What the predictions are worth", values.root);
  const arrivals = labelSection();
  const labels = section("Labels: how soon they come, and whether they keep coming", arrivals.root);
  const reliability = figure("How often what a score promised came true, in the reference and now");
  reliability.root.classList.add("small");
  const scores = section("Do scores keep their word?", reliability.root);
  const distributions = distributionGrid();
  const open = alarmList("No alarm is open.", 3, { name, version });
  const resolved = alarmList("None.", Infinity, { name, version });
  const noWindows = el("p", { class: "quiet" }, "No window has closed yet: there is nothing to draw.");
  const root = el(
    "div",
    { class: "model" },
    el("p", { class: "crumb" }, el("a", { href: "#/" }, "All models")),
    el("h1", {}, el("bdi", {}, name), " ", el("bdi", { class: "version" }, version)),
    el("div", { class: "standing" }, state.root, since),
    reasons,
    operations,
    section("Open alarms", open.root),
    section(
      "Quality next to latency, errors and traffic",
      el("p", { class: "picker" }, el("label", { for: "metric" }, "Quality by "), choice),
      noWindows,
      plot.root,
      key,
      windows.root,
    ),
    section("The slices that do worst", slices.root),
    trust,
    worth,
    labels,
    section("What came after", aftermath.root),
    scores,
    section("Drift by feature", drift.root),
    section("Features now and in the reference", distributions.root),
    section("What this is held against", facts, warnings),
    el("details", { class: "windows" }, el("summary", {}, "Resolved alarms"), resolved.root),
  );

  let model = null;
  let series = null;

  async function refresh(signal) {
    const after = series?.window.at(-1);
    const query = { name, version, ...(after === undefined ? {} : { after: String(after) }) };
    const before = model;
    model = await ask("/api/page/model", query, signal);
    const fresh = model.series !== null;
    series = model.series ?? series;
    tell();
    if (fresh) distributions.update(model.distributions, series.drift);
    if (fresh || drawnOf(before) !== drawnOf(model)) show();
    return {
      title: nameOf(model),
      news: `${nameOf(model)}: ${stateOf(model.state).word}`,
    };
  }

  function tell() {
    const { trouble } = stateOf(model.state);
    state.update(model.state);
    const lasted = lasting(sinceOf(model), model.last_event);
    say(since, sinceOf(model) === null ? "" : `since ${moment(sinceOf(model))}${lasted === "" ? "" : ` · ${lasted}`}`);
    const said = new Set(model.alarms.map((alarm) => alarm.sentence));
    const others = model.reasons.filter((reason) => !said.has(reason));
    reasons.replaceChildren(...others.map((text) => el("li", { dir: "auto" }, withoutName(text, model))));
    say(operations, trouble ? operationsSentence(model.operational) : "");
    open.update(model.alarms.filter((alarm) => alarm.state === "open"));
    resolved.update(model.alarms.filter((alarm) => alarm.state === "resolved").reverse());
    facts.replaceChildren(factsOf(model));
    warnings.replaceChildren(...model.warnings.map((text) => el("li", { dir: "auto" }, text)));
  }

  function show() {
    draw();
    slices.update(series.slices, model.reference.loss);
    aftermath.update(series.aftermath);
    trust.hidden = !people.update(series.aftermath);
    labels.hidden = !arrivals.update(series, model.late_facts);
    const { calibration } = model;
    scores.hidden = calibration.reference.length + calibration.now.length === 0;
    if (!scores.hidden) reliability.update((look) => calibrationFigure(calibration, look));
    drift.update(series.drift);
  }

  function draw() {
    const names = series.performance.map((performance) => performance.name);
    offer(choice, names, model.quality.metric);
    const metric = chosen();
    const drawn = series.window.length > 0;
    choice.parentElement.hidden = names.length === 0;
    noWindows.hidden = drawn;
    plot.root.hidden = key.hidden = windows.root.hidden = !drawn;
    if (drawn) {
      const [closed, standing, marks] = [series, model, marksOf(model.alarms)];
      plot.update((look) => timeline(closed, standing, metric ?? "accuracy", marks, look));
    }
    windows.update(series, metric);
    worth.hidden = !values.update(series, model, metric);
  }

  function chosen() {
    return choice.value === "" ? null : choice.value;
  }

  function reading(row) {
    const metric = choice.value;
    const value = series.performance.find((performance) => performance.name === metric)?.value[row];
    return [
      moment(series.end[row]),
      `${metricWord(metric)} ${quality(metric, value)}`,
      `latency p95 ${latency(series.latency_p95_s[row])}`,
      `errors ${percent(series.error_rate[row])}`,
    ].join(", ");
  }

  return { root, refresh };
}

function section(title, ...children) {
  return el("section", { "aria-label": title }, el("h2", {}, title), ...children);
}

/** What the plot shows besides closed windows, to draw it again only where that has changed. */
function drawnOf(model) {
  return JSON.stringify([model?.quality.latest, model?.alarms.map((alarm) => [alarm.id, alarm.state])]);
}

/** Alarms as marks, of those about the model as a whole: one for each input or slice would be noise. */
function marksOf(alarms) {
  return alarms
    .filter((alarm) => alarm.severity !== "note" && alarm.slice === null)
    .map(({ since, raised, resolved, severity }) => ({
      since,
      raised,
      resolved,
      harm: severity === "page",
      shaded: severity === "page",
    }));
}

function offer(choice, names, usual) {
  const known = [...choice.options].map((option) => option.value);
  if (known.join() === names.join()) return;
  const chosen = choice.value;
  choice.replaceChildren(...names.map((name) => el("option", { value: name }, metricWord(name))));
  choice.value = names.find((name) => name === chosen) ?? names.find((name) => name === usual) ?? names[0] ?? "";
}

/** What came after the predictions, as rows; nothing where nothing came. */
function lateFactsOf({ label_delay: delay, reactions, evaluations, outcomes }) {
  const told = (items) => el("span", {}, ...items.flatMap((item, place) => [place > 0 ? ", " : null, ...item]));
  return [
    delay === null ? null : ["Labels come after", `${duration(1000 * delay.mean)} on average`],
    reactions.length === 0 ? null : ["Reactions", told(reactions.map(({ kind, count: n }) => [`${count(n)} ${kind}`]))],
    evaluations.length === 0
      ? null
      : ["Evaluations", told(evaluations.map(({ name, mean, count: n }) => [el("bdi", {}, name), ` ${plain(mean)} on average of ${count(n)}`]))],
    outcomes.length === 0 ? null : ["Outcome", told(outcomes.map(({ unit, total }) => [`${plain(total)} `, el("bdi", {}, unit)]))],
  ];
}

function factsOf(model) {
  const { reference } = model;
  const share = model.predictions > 0 ? model.labels / model.predictions : null;
  return terms([
    ["Predictions", count(model.predictions)],
    ["Labels", `${count(model.labels)} (${percent(share)} of the predictions)`],
    ["Windows", count(model.windows)],
    ["Latest prediction", moment(model.last_event)],
    ...lateFactsOf(model.late_facts),
    model.late > 0 ? ["Came too late for a window", count(model.late)] : null,
    ["Task", model.task ?? "not said"],
    ["Reference", reference.complete ? `${count(reference.rows)} predictions until ${moment(reference.end)}` : `still being learnt, ${count(reference.rows)} predictions so far`],
    reference.risk === null ? null : [`${unitOf(reference.loss)} in the reference`, figureOf(reference.risk, reference.loss)],
    reference.tolerated_risk === null ? null : ["Tolerated", lossOf(reference.tolerated_risk, reference.loss)],
    ["Latency p95 in the reference", latency(reference.latency_p95_s)],
    ["Errors in the reference", percent(reference.error_rate)],
  ]);
}
