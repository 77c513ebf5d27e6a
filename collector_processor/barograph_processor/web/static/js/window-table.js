/** The latest windows in figures: what the plot shows, for those who would rather read it. */

import { el } from "./dom.js";
import { count, latency, moment, percent, plain, quality } from "./format.js";
import { metricWord, stateOf } from "./words.js";

const SHOWN = 25;

export function windowTable() {
  const holder = el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Latest windows" });
  const root = el(
    "details",
    { class: "windows" },
    el("summary", {}, "The latest windows in figures"),
    holder,
  );

  function update(series, metric) {
    const performance = series.performance.find(({ name }) => name === metric);
    const rows = [...series.window.keys()].slice(-SHOWN).reverse();
    const titles = ["Window", "Until", "State", metric === null ? "Quality" : metricWord(metric), "p50", "p95", "Errors", "Per second", "Rows", "Labels"];
    holder.replaceChildren(
      el(
        "table",
        {},
        el("thead", {}, el("tr", {}, ...titles.map((title) => el("th", { scope: "col" }, title)))),
        el(
          "tbody",
          {},
          ...rows.map((row) =>
            cells([
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
          ),
        ),
      ),
    );
  }

  return { root, update };
}

function cells(texts) {
  return el("tr", {}, ...texts.map((text) => el("td", {}, text)));
}
