/**
 * Word-sized graphics: a line without axes, beside its figure. There may be
 * hundreds on a page, and a plotting library takes too long for each.
 */

import { set, svg } from "./dom.js";

const WIDTH = 240;
const INSET = 2;

/**
 * @param {number} height In CSS pixels.
 * @param {string} kind A class: `quality`, `latency`, `errors`, `evidence`.
 */
export function sparkline(height, kind) {
  const band = svg("rect", { class: "since", y: "0", height: String(height) });
  const level = svg("line", { class: "level" });
  const line = svg("path", { class: "line" });
  const root = svg(
    "svg",
    {
      class: `spark ${kind}`,
      viewBox: `0 0 ${WIDTH} ${height}`,
      preserveAspectRatio: "none",
      "aria-hidden": "true",
    },
    band,
    level,
    line,
  );

  /**
   * @param {number[]} time ms, rising; may go on beyond the values.
   * @param {(?number)[]} values Null where nothing is known; the line goes on beyond it.
   * @param {{low: number, high: number, level?: ?number, since?: ?number}} scale `level` is
   *   what the line is held against, `since` when it changed.
   */
  function update(time, values, { low, high, level: held = null, since = null }) {
    const first = time[0] ?? 0;
    const span = Math.max((time.at(-1) ?? 0) - first, 1);
    const x = (t) => (WIDTH * (Math.max(t, first) - first)) / span;
    const y = (v) => {
      const part = (Math.min(Math.max(v, low), high) - low) / (high - low || 1);
      return height - INSET - part * (height - 2 * INSET);
    };
    set(line, "d", path(time, values, x, y));
    set(level, "visibility", held === null ? "hidden" : "visible");
    if (held !== null) {
      const at = y(held).toFixed(1);
      for (const [name, value] of [["x1", "0"], ["x2", String(WIDTH)], ["y1", at], ["y2", at]]) {
        set(level, name, value);
      }
    }
    const from = since === null ? WIDTH : x(since);
    set(band, "x", from.toFixed(1));
    set(band, "width", Math.max(WIDTH - from, 0).toFixed(1));
  }

  return { root, update };
}

function path(time, values, x, y) {
  let text = "";
  let drawing = false;
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i];
    if (value === null) continue;
    text += `${drawing ? "L" : "M"}${x(time[i]).toFixed(1)} ${y(value).toFixed(1)}`;
    drawing = true;
  }
  return text;
}
