/**
 * Quality above latency and errors on one time axis: the gap between what people
 * get and what the usual dashboards show.
 */

import { el, say } from "./dom.js";
import { latency, percent, quality as figure, tick } from "./format.js";
import { sparkline } from "./sparkline.js";
import { isRiskless, metricWord, sinceOf, stateOf } from "./words.js";

export function gap() {
  const caption = el("p", { class: "unseen" });
  const quality = row("quality", 44);
  const late = row("latency", 24);
  const errors = row("errors", 24);
  const from = el("span");
  const until = el("span");
  const root = el(
    "div",
    { class: "gap" },
    caption,
    quality.root,
    late.root,
    errors.root,
    el("div", { class: "gap-axis", "aria-hidden": "true" }, from, until),
  );

  /** @param {Object} model One of the overview's models. */
  function update(model) {
    const { trend, reference } = model;
    const { metric, baseline, tolerated } = model.quality;
    const { trouble } = stateOf(model.state);
    const since = trouble ? Date.parse(sinceOf(model)) : null;
    // An alarm may be about labels of the open window, which then comes last.
    const latest = model.quality.early ? model.quality.latest : null;
    const { value: known, time: asOf } = lastOf(trend.time, trend.quality);
    const now = latest?.value ?? known;
    const time = latest === null ? trend.time : [...trend.time, Date.parse(model.last_event)];
    const values = latest === null ? trend.quality : [...trend.quality, now];

    quality.update({
      label: metric === null ? "quality" : metricWord(metric),
      ...words(model.quality, now, latest === null && asOf !== trend.time.at(-1) ? asOf : null),
      time,
      values,
      scale: { ...qualityScale(model, values), level: time.length > 0 ? baseline : null, since },
    });
    late.update({
      label: "latency p95",
      now: latency(last(trend.latency_p95_s)),
      before: reference.latency_p95_s === null ? "" : `was ${latency(reference.latency_p95_s)}`,
      time,
      values: trend.latency_p95_s,
      scale: operationsScale(trend.latency_p95_s, reference.latency_p95_s, 1e-6, since),
    });
    errors.update({
      label: "errors",
      now: percent(last(trend.error_rate)),
      before: reference.error_rate === null ? "" : `was ${percent(reference.error_rate)}`,
      time,
      values: trend.error_rate,
      scale: operationsScale(trend.error_rate, reference.error_rate, 0.05, since),
    });
    const seen = time.length > 0;
    root.classList.toggle("nothing", !seen);
    quality.root.classList.toggle("unknown", now === null && model.quality.estimated === null);
    const [start, end] = [time[0], time.at(-1)];
    say(from, seen ? tick(start, end - start) : "no window has closed yet");
    say(until, seen ? tick(end, end - start) : "");
    say(
      caption,
      `${quality.sentence()}; ${late.sentence()}; ${errors.sentence()}.` +
        (tolerated === null ? "" : ` At least ${percent(tolerated)} is wanted.`),
    );
  }

  return { root, update };
}

function row(kind, height) {
  const label = el("span", { class: "gap-label" });
  const now = el("b");
  const before = el("span", { class: "before" });
  const line = sparkline(height, kind);
  const root = el(
    "div",
    { class: `gap-row ${kind}`, "aria-hidden": "true" },
    label,
    line.root,
    el("span", { class: "gap-now" }, now, before),
  );
  return {
    root,
    sentence: () => `${label.textContent} ${now.textContent} ${before.textContent}`.trim(),
    update(to) {
      say(label, to.label);
      say(now, to.now);
      say(before, to.before);
      line.update(to.time, to.values, to.scale);
    },
  };
}

/** A scale on which noise stays small: a fall of a few points is to be seen, one of 0.1 not. */
function qualityScale({ quality: { metric, baseline } }, values) {
  const known = values.filter((value) => value !== null);
  const held = baseline ?? known[0] ?? 1;
  if (!isRiskless(metric)) return { low: 0, high: Math.max(...known, 1.6 * held) };
  return { low: Math.min(...known, held - 0.12), high: Math.max(...known, held + 0.02) };
}

/** From zero to well above the reference, so that what is flat looks flat. */
function operationsScale(values, held, least, since) {
  const known = values.filter((value) => value !== null);
  return { low: 0, high: Math.max(...known, 2.5 * (held ?? 0), least), level: held, since };
}

/**
 * The figure and what to hold it against; where the last windows have no label, what scores
 * promise, or since when it is as it was, if labels have proven harm or nothing is promised.
 */
function words({ metric, baseline, estimated, early }, now, old) {
  const was = baseline === null ? "" : `was ${figure(metric, baseline)}`;
  if (estimated !== null && (now === null || (old !== null && !early))) {
    return { now: `≈ ${figure(metric, estimated.value)}`, before: `estimated, ${was}` };
  }
  if (now === null) return { now: "unknown", before: "" };
  return { now: figure(metric, now), before: old === null ? was : `on ${tick(old, Infinity)}` };
}

/** The last value that is known, and its time; null where none is. */
function lastOf(time, values) {
  const row = values.findLastIndex((value) => value !== null);
  return row < 0 ? { value: null, time: null } : { value: values[row], time: time[row] };
}

function last(values) {
  return values.findLast((value) => value !== null) ?? null;
}
