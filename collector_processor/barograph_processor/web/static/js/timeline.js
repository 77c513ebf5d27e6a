/**
 * Quality, latency, errors and traffic on one time axis, as a figure for Plotly.
 *
 * Plotly reads markup in its texts, so nothing that a span says may get here:
 * texts are our own words and figures.
 */

import { isBetterLow, isRiskless, metricWord } from "./words.js";

const PANELS = [
  { axis: "y", domain: [0.56, 0.97] },
  { axis: "y2", domain: [0.35, 0.48] },
  { axis: "y3", domain: [0.18, 0.28] },
  { axis: "y4", domain: [0, 0.1] },
];
const HEIGHT = 560;
const SHARES = new Set(["accuracy", "precision", "recall", "f1", "auc", "ndcg", "mrr", "hit_rate"]);

/**
 * @param {Object} series Windows by column, as the API answers.
 * @param {Object} model How it stands, with the reference that the windows are held against.
 * @param {string} metric Which performance to show.
 * @param {{since: string, raised: string, resolved: ?string, harm: boolean, shaded: boolean}[]} marks Alarms.
 * @param {{width: number, colours: Object}} look
 * @returns {{data: Object[], layout: Object}} The last of the data has a point for each window.
 */
export function timeline(series, model, metric, marks, { width, colours }) {
  const { reference } = model;
  const x = series.end;
  const until = Math.max(x.at(-1), Date.parse(model.last_event));
  const known = series.performance.find((performance) => performance.name === metric);
  const data = [
    ...(known ? quality(x, known, colours) : []),
    ...promised(x, series.estimated.find((estimate) => estimate.name === metric), colours),
    ...soFar(model, metric, colours),
    line(x, scaled(series.latency_p50_s, 1e3), "y2", "p50", colours.latency, { dash: "dot" }, " ms"),
    line(x, scaled(series.latency_p95_s, 1e3), "y2", "p95", colours.latency, {}, " ms"),
    line(x, scaled(series.error_rate, 1e2), "y3", "errors", colours.errors, {}, " %"),
    line(x, series.rows_per_second, "y4", "traffic", colours.traffic, {}, "/s"),
  ];
  const level = reference.performance[metric]?.value ?? null;
  return {
    data,
    layout: {
      width,
      height: HEIGHT,
      margin: { l: 52, r: 14, t: 8, b: 40 },
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: "system-ui, sans-serif", size: 12, color: colours.quiet },
      showlegend: false,
      hovermode: "x unified",
      hoversubplots: "axis",
      hoverlabel: { bgcolor: colours.card, bordercolor: colours.line, font: { color: colours.ink } },
      xaxis: {
        type: "date",
        anchor: "y4",
        hoverformat: "%-d %b %Y, %H:%M UTC",
        showspikes: true,
        spikemode: "across",
        spikesnap: "hovered data",
        spikethickness: 1,
        spikedash: "solid",
        spikecolor: colours.quiet,
        gridcolor: colours.line,
        linecolor: colours.line,
        nticks: Math.max(Math.round(width / 140), 3),
      },
      yaxis: axis(0, qualityRange(known, [level, model.quality.latest?.lower ?? null], metric), colours),
      yaxis2: { ...axis(1, roomAbove(series.latency_p95_s, reference.latency_p95_s, 1e3), colours), nticks: 3 },
      yaxis3: { ...axis(2, roomAbove(series.error_rate, reference.error_rate, 1e2, 0.05), colours), nticks: 3 },
      yaxis4: { ...axis(3, roomAbove(series.rows_per_second, null, 1), colours), nticks: 3 },
      annotations: titles(metric, colours),
      shapes: [
        ...marked(marks, until, colours),
        ...held(level, "y", colours),
        ...held(reference.latency_p95_s, "y2", colours, 1e3),
        ...held(reference.error_rate, "y3", colours, 1e2),
        ...wanted(reference, metric, colours),
      ],
    },
  };
}

function line(x, y, yaxis, name, colour, more, suffix) {
  return {
    x,
    y,
    yaxis,
    name,
    type: "scatter",
    mode: "lines",
    line: { color: colour, width: 1.6, ...more },
    hovertemplate: `%{y:.4~g}${suffix}`,
  };
}

/** The metric with its interval; windows without labels are left out, not drawn as gaps. */
function quality(x, { name, value, lower, upper }, colours) {
  const rows = [...x.keys()].filter((row) => value[row] !== null);
  const pick = (column) => rows.map((row) => column[row]);
  const at = pick(x);
  const one = line(at, pick(value), "y", metricWord(name), colours.quality, { width: 2.4 }, "");
  one.mode = rows.length < 40 ? "lines+markers" : "lines";
  one.marker = { size: 5 };
  if (!lower) return [one];
  one.customdata = rows.map((row) => [lower[row], upper[row]]);
  one.hovertemplate = "%{y:.3~f} (%{customdata[0]:.3~f} to %{customdata[1]:.3~f})";
  const edge = { yaxis: "y", x: at, mode: "lines", line: { width: 0 }, hoverinfo: "skip" };
  return [
    { ...edge, y: pick(lower) },
    { ...edge, y: pick(upper), fill: "tonexty", fillcolor: colours.band },
    one,
  ];
}

/** What the scores promise without labels; blind to what only labels can tell. */
function promised(x, estimate, colours) {
  if (estimate === undefined) return [];
  const rows = [...x.keys()].filter((row) => estimate.value[row] !== null);
  const at = rows.map((row) => x[row]);
  const value = rows.map((row) => estimate.value[row]);
  return [line(at, value, "y", "promised by scores", colours.quiet, { dash: "dot", width: 1.4 }, "")];
}

/** The labels since the last window: what an alarm is about may show in no closed window yet. */
function soFar({ quality: { metric: headline, latest }, last_event: until }, metric, colours) {
  if (latest === null || metric !== headline) return [];
  const { value, lower, upper } = latest;
  return [
    {
      x: [Date.parse(until)],
      y: [value],
      yaxis: "y",
      name: "so far",
      mode: "markers",
      marker: { symbol: "circle-open", size: 9, color: colours.quality, line: { width: 2 } },
      error_y: { symmetric: false, array: [upper - value], arrayminus: [value - lower], width: 3, color: colours.quality },
      hovertemplate: "%{y:.3~f}",
    },
  ];
}

function axis(panel, range, colours) {
  return {
    domain: PANELS[panel].domain,
    range,
    fixedrange: true,
    gridcolor: colours.line,
    zeroline: false,
    tickformat: "~g",
  };
}

function qualityRange(known, others, metric) {
  const values = known ? [...known.value, ...(known.lower ?? []), ...(known.upper ?? [])] : [];
  const seen = [...values, ...others].filter((value) => value !== null);
  if (seen.length === 0) return [0, 1];
  const high = seen.reduce((a, b) => Math.max(a, b));
  const low = seen.reduce((a, b) => Math.min(a, b));
  if (!SHARES.has(metric)) return [Math.min(0, low), 1.1 * high || 1];
  return [Math.max(Math.min(low, high - 0.15) - 0.02, 0), Math.min(high + 0.02, 1.005)];
}

/** From zero to well above what was usual, so that what is flat looks flat. */
function roomAbove(values, held, factor, least = 0) {
  const high = values.reduce((a, b) => Math.max(a, b ?? 0), 0);
  return [0, factor * 1.05 * Math.max(high, 2.5 * (held ?? 0), least) || 1];
}

function titles(metric, colours) {
  const better = isBetterLow(metric) ? "lower is better" : "higher is better";
  const words = [
    `Quality: ${metricWord(metric)}, ${better}`,
    "Latency p95, dotted p50 (ms)",
    "Errors (% of calls)",
    "Traffic (predictions a second)",
  ];
  return words.map((text, panel) => ({
    text,
    xref: "paper",
    yref: "paper",
    x: 0,
    y: PANELS[panel].domain[1],
    xanchor: "left",
    yanchor: "bottom",
    showarrow: false,
    font: { color: colours.ink, size: 13, weight: 600 },
  }));
}

function held(value, yref, colours, factor = 1) {
  if (value === null) return [];
  return [level(factor * value, yref, { color: colours.level, width: 1, dash: "dash" })];
}

/** What is tolerated is a risk: only what is 1 minus the risk can be held against it. */
function wanted(reference, metric, colours) {
  if (!isRiskless(metric) || reference.tolerated_risk === null) return [];
  return [level(1 - reference.tolerated_risk, "y", { color: colours.harm, width: 1.2, dash: "dot" })];
}

function level(y, yref, look) {
  return { type: "line", xref: "paper", x0: 0, x1: 1, yref, y0: y, y1: y, line: look };
}

/** The time under an alarm, shaded; of an open alarm its change and its own moment. */
function marked(marks, until, colours) {
  return marks.flatMap(({ since, raised, resolved, harm, shaded }) => {
    const colour = harm ? colours.harm : colours.quiet;
    const ground = {
      type: "rect",
      yref: "paper",
      y0: 0,
      y1: 1,
      x0: Date.parse(since),
      x1: resolved ? Date.parse(resolved) : until,
      fillcolor: colour,
      opacity: 0.1,
      line: { width: 0 },
      layer: "below",
    };
    const edges = resolved ? [] : [edge(since, colour, "solid"), edge(raised, colour, "dot")];
    return shaded ? [ground, ...edges] : edges;
  });
}

function edge(time, color, dash) {
  const at = Date.parse(time);
  return { type: "line", yref: "paper", y0: 0, y1: 1, x0: at, x1: at, line: { color, width: 1, dash }, layer: "below" };
}

function scaled(values, factor) {
  return values.map((value) => (value === null ? null : factor * value));
}
