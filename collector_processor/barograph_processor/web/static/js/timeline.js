/** Quality, latency, errors and traffic on one time axis, as a figure for Plotly. */

import { isShare } from "./format.js";
import { banded, known, level, line, stack, usual } from "./stack.js";
import { isBetterLow, isRiskless, metricWord } from "./words.js";

/** What the lines mean. */
export const KEY =
  "Shaded: under an alarm of harm, from the change that it dates. Of open alarms a solid line marks the change, a dotted one when the evidence sufficed. Dashed: the reference; grey dots: what scores promise without labels; red dots: the least that is wanted; circle: labels since the last window.";

/** Beside the shares, what lies between 0 and 1. */
const BOUNDED = new Set(["auc", "ndcg", "mrr"]);

const PER = [
  ["second", 1],
  ["minute", 60],
  ["hour", 3600],
  ["day", 86_400],
];

/**
 * @param {Object} series Windows by column, as the API answers.
 * @param {Object} model How it stands, with the reference that the windows are held against.
 * @param {string} metric Which performance to show.
 * @param {{since: string, raised: string, resolved: ?string, harm: boolean, shaded: boolean}[]} marks Alarms.
 * @param {{width: number, colours: Object}} look
 * @returns {{data: Object[], layout: Object, places: number[]}} The last of the data has a point for each window.
 */
export function timeline(series, model, metric, marks, look) {
  const { reference } = model;
  const { colours } = look;
  const x = series.end;
  const until = Math.max(x.at(-1), Date.parse(model.last_event));
  const [per, seconds] = unitOf(series.rows_per_second);
  const panels = [
    qualityPanel(series, model, metric, colours),
    {
      title: "Latency p95, dotted p50 (ms)",
      height: 66,
      range: roomAbove(series.latency_p95_s, reference.latency_p95_s, 1e3),
      data: [
        line(x, scaled(series.latency_p50_s, 1e3), "p50", colours.latency, { dash: "dot" }, " ms"),
        line(x, scaled(series.latency_p95_s, 1e3), "p95", colours.latency, {}, " ms"),
      ],
      levels: usual(inUnit(reference.latency_p95_s, 1e3), colours),
    },
    {
      title: "Errors (% of calls)",
      height: 52,
      range: roomAbove(series.error_rate, reference.error_rate, 1e2, 0.05),
      data: [line(x, scaled(series.error_rate, 1e2), "errors", colours.errors, {}, " %")],
      levels: usual(inUnit(reference.error_rate, 1e2), colours),
    },
    {
      title: `Traffic (predictions a ${per})`,
      height: 52,
      range: roomAbove(series.rows_per_second, null, seconds),
      data: [line(x, scaled(series.rows_per_second, seconds), "traffic", colours.traffic, {}, ` a ${per}`)],
      levels: [],
    },
  ];
  return stack(panels, x, look, marked(marks, until, colours));
}

/**
 * One figure of quality over the windows, with what it is held against.
 * @returns {Object} A panel for `stack`.
 */
export function qualityPanel(series, model, metric, colours) {
  const { reference } = model;
  const found = series.performance.find((performance) => performance.name === metric);
  const estimate = series.estimated.find((one) => one.name === metric);
  const before = reference.performance[metric]?.value ?? null;
  if (found === undefined && estimate === undefined) return unknownPanel();
  const better = isBetterLow(metric) ? "lower is better" : "higher is better";
  return {
    title: `Quality: ${metricWord(metric)}, ${better}`,
    height: 210,
    share: isShare(metric),
    range: qualityRange(found, [before, model.quality.latest?.lower ?? null], metric),
    data: [
      ...(found ? banded(series.end, found, metricWord(metric), colours, isShare(metric)) : []),
      ...promised(series.end, estimate, colours, isShare(metric)),
      ...soFar(model, metric, colours),
    ],
    levels: [...usual(before, colours), ...wanted(reference, metric, colours)],
  };
}

/** Nothing is drawn where nothing is known, and it says so. */
function unknownPanel() {
  return { title: "Quality: not known, no label has come", height: 24, range: [0, 1], blank: true, data: [], levels: [] };
}

/** What the scores promise without labels; blind to what only labels can tell. */
function promised(x, estimate, colours, share) {
  if (estimate === undefined) return [];
  const { time, value } = known(x, estimate);
  return [line(time, value, "promised by scores", colours.quiet, { dash: "dot", width: 1.4 }, "", share)];
}

/** The labels since the last window: what an alarm is about may show in no closed window yet. */
function soFar({ quality: { metric: headline, latest }, last_event: until }, metric, colours) {
  if (latest === null || metric !== headline) return [];
  const { value, lower, upper } = latest;
  return [
    {
      x: [Date.parse(until)],
      y: [value],
      name: "so far",
      mode: "markers",
      marker: { symbol: "circle-open", size: 9, color: colours.quality, line: { width: 2 } },
      error_y: { symmetric: false, array: [upper - value], arrayminus: [value - lower], width: 3, color: colours.quality },
      hovertemplate: "%{y:.1%}",
    },
  ];
}

function qualityRange(known, others, metric) {
  const values = known ? [...known.value, ...(known.lower ?? []), ...(known.upper ?? [])] : [];
  const seen = [...values, ...others].filter((value) => value !== null);
  if (seen.length === 0) return [0, 1];
  const high = seen.reduce((a, b) => Math.max(a, b));
  const low = seen.reduce((a, b) => Math.min(a, b));
  if (!isShare(metric) && !BOUNDED.has(metric)) return [Math.min(0, low), 1.1 * high || 1];
  return [Math.max(Math.min(low, high - 0.15) - 0.02, 0), Math.min(high + 0.02, 1.005)];
}

/** From zero to well above what was usual, so that what is flat looks flat. */
function roomAbove(values, held, factor, least = 0) {
  const high = values.reduce((a, b) => Math.max(a, b ?? 0), 0);
  return [0, factor * 1.05 * Math.max(high, 2.5 * (held ?? 0), least) || 1];
}

/** The largest unit of time in which there is a prediction or more, or the largest of all. */
function unitOf(perSecond) {
  const high = perSecond.reduce((a, b) => Math.max(a, b ?? 0), 0);
  return PER.find(([, seconds]) => high * seconds >= 1) ?? PER.at(-1);
}

/** What is tolerated is a risk: only what is 1 minus the risk can be held against it. */
function wanted(reference, metric, colours) {
  if (!isRiskless(metric) || reference.tolerated_risk === null) return [];
  return [level(1 - reference.tolerated_risk, { color: colours.harm, width: 1.2, dash: "dot" })];
}

/** The time under alarms of harm, shaded once; of open alarms the change and the alarm's own moment. */
function marked(marks, until, colours) {
  const edges = marks
    .filter(({ resolved }) => resolved === null)
    .flatMap(({ since, raised, harm }) => {
      const colour = harm ? colours.harm : colours.quiet;
      return [edge(since, colour, "solid"), edge(raised, colour, "dot")];
    });
  return [...spans(marks, until).map(([x0, x1]) => ground(x0, x1, colours.harm)), ...edges];
}

/** When any of the shaded marks held: spans that do not overlap, ms. */
function spans(marks, until) {
  const found = [];
  const each = marks
    .filter(({ shaded }) => shaded)
    .map(({ since, resolved }) => [Date.parse(since), resolved === null ? until : Date.parse(resolved)])
    .sort(([one], [other]) => one - other);
  for (const [start, end] of each) {
    const last = found.at(-1);
    if (last !== undefined && start <= last[1]) last[1] = Math.max(last[1], end);
    else found.push([start, end]);
  }
  return found;
}

function ground(x0, x1, fillcolor) {
  return { type: "rect", yref: "paper", y0: 0, y1: 1, x0, x1, fillcolor, opacity: 0.1, line: { width: 0 }, layer: "below" };
}

function edge(time, color, dash) {
  const at = Date.parse(time);
  return { type: "line", yref: "paper", y0: 0, y1: 1, x0: at, x1: at, line: { color, width: 1, dash }, layer: "below" };
}

const inUnit = (value, factor) => (value === null ? null : factor * value);
const scaled = (values, factor) => values.map((value) => inUnit(value, factor));
