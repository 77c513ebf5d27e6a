/** What predictions are worth, by unit, beside their quality; and what a degradation costs. */

import { course } from "./course.js";
import { el, keep } from "./dom.js";
import { plain, quality } from "./format.js";
import { banded, stack, usual } from "./stack.js";
import { qualityPanel } from "./timeline.js";
import { metricWord } from "./words.js";

export function outcomeSection() {
  const parts = new Map();
  const list = el("div");
  const key = el("p", { class: "quiet key" }, "Shaded: 95 % intervals. Dashed: the reference. Cost: wrong predictions beyond the reference, times what a good one is worth more than a bad one.");
  const root = el("div", {}, list, key);

  /** @returns {boolean} Whether there is anything to show. */
  function update(series, model, metric) {
    const { time, lines } = series.aftermath;
    const units = lines
      .filter((line) => line.key === "outcome")
      .map((worth) => ({
        worth,
        cost: lines.find((line) => line.key === "cost" && line.name === worth.name),
        time,
        series,
        model,
        metric,
      }));
    keep(list, parts, units, ({ worth }) => worth.name, unitCourse);
    return units.length > 0;
  }

  return { root, update };
}

/** Units come from applications: they end as text, and Plotly gets none. */
function unitCourse({ worth: { name } }) {
  const courses = course(`Worth of a prediction in ${name}, beside quality, over time`);
  const root = el("div", {}, el("h3", {}, el("bdi", {}, name)), courses.root);

  function update({ worth, cost, time, series, model, metric }) {
    const performance = series.performance.find((found) => found.name === metric);
    const columns = [
      { title: `Worth of a prediction (${name})`, ...worth.trend, say: plain },
      ...(performance ? [{ title: metricWord(metric), value: asOf(time, series.end, performance.value), say: (value) => quality(metric, value) }] : []),
      ...(cost ? [{ title: `Cost so far (${name})`, ...cost.trend, say: plain }] : []),
    ];
    courses.update(time, columns, (look) =>
      stack(
        [
          ...(performance ? [{ ...qualityPanel(series, model, metric, look.colours), height: 90 }] : []),
          panel("Worth of a prediction", time, worth, look.colours, look.colours.latency),
          ...(cost ? [panel("Cost of the degradation so far", time, cost, look.colours, look.colours.harm)] : []),
        ],
        time,
        look,
      ),
    );
  }

  return { root, update };
}

function panel(title, time, { key, trend, held }, colours, colour) {
  const ends = [...trend.value, ...trend.lower, ...trend.upper, held, key === "cost" ? 0 : null].filter((end) => end !== null);
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const room = 0.1 * (high - low) || Math.abs(high) || 1;
  return {
    title,
    height: 110,
    range: [key === "cost" ? 0 : low - room, high + room],
    data: banded(time, trend, title, colours, false, colour),
    levels: usual(held, colours),
  };
}

/** The value of the last window that had ended at each time. */
function asOf(time, ends, values) {
  return time.map((moment) => values[ends.findLastIndex((end) => end <= moment)] ?? null);
}
