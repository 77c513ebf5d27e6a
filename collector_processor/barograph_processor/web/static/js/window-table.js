/** The latest windows in figures. */

import { figuresTable } from "./figures-table.js";
import { count, latency, moment, percent, plain, quality } from "./format.js";
import { metricWord, stateOf } from "./words.js";

const SHOWN = 25;

export function windowTable() {
  const table = figuresTable("The latest windows in figures", "Latest windows");

  function update(series, metric) {
    const performance = series.performance.find(({ name }) => name === metric);
    const rows = [...series.window.keys()].slice(-SHOWN).reverse();
    table.update(
      ["Window", "Until", "State", metric === null ? "Quality" : metricWord(metric), "p50", "p95", "Errors", "Per second", "Rows", "Labels"],
      rows.map((row) => [
        count(series.window[row]),
        moment(series.end[row]),
        stateOf(series.state[row]).word,
        performance ? quality(metric, performance.value[row]) : "–",
        latency(series.latency_p50_s[row]),
        latency(series.latency_p95_s[row]),
        percent(series.error_rate[row]),
        plain(series.rows_per_second[row]),
        count(series.rows[row]),
        count(series.labels[row]),
      ]),
    );
  }

  return { root: table.root, update };
}
