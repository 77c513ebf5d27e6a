/**
 * Panels under each other on one time axis with one cursor, as a figure for Plotly.
 *
 * Plotly reads markup in its texts, so nothing that a span says may get here:
 * texts are our own words and figures.
 */

const TITLE = 24;
const GAP = 16;
const FOOT = 42;

/** Times as the words beside the plot write them, as exact as the zoom asks for. */
const TICKS = [
  { dtickrange: [null, 60_000], value: "%H:%M:%S\n%-d %b %Y" },
  { dtickrange: [60_000, 86_400_000], value: "%H:%M\n%-d %b %Y" },
  { dtickrange: [86_400_000, "M1"], value: "%-d %b\n%Y" },
  { dtickrange: ["M1", "M12"], value: "%b\n%Y" },
  { dtickrange: ["M12", null], value: "%Y" },
];

/**
 * @param {{title: string, height: number, range: number[], share?: boolean, blank?: boolean, data: Object[], levels: Object[]}[]} panels
 *   From the top; heights in CSS pixels; of a share the axis is in percent, a blank one has no marks.
 * @param {number[]} places Where the cursor may stand, ms.
 * @param {{width: number, colours: Object}} look
 * @param {Object[]} marks Shapes over all panels.
 * @returns {{data: Object[], layout: Object, places: number[]}}
 */
export function stack(panels, places, { width, colours }, marks = []) {
  const height = panels.reduce((sum, panel) => sum + TITLE + panel.height, GAP * (panels.length - 1));
  const data = [];
  const axes = {};
  const annotations = [];
  const shapes = [...marks];
  let top = 0;
  panels.forEach((panel, place) => {
    const id = place === 0 ? "" : String(place + 1);
    top += TITLE;
    const domain = [Math.max(1 - (top + panel.height) / height, 0), 1 - top / height];
    top += panel.height + GAP;
    axes[`yaxis${id}`] = axis(domain, panel, colours);
    annotations.push(heading(panel.title, domain[1], colours));
    data.push(...panel.data.map((trace) => ({ ...trace, yaxis: `y${id}` })));
    shapes.push(...panel.levels.map((shape) => ({ ...shape, yref: `y${id}` })));
  });
  const layout = {
    width,
    height: height + FOOT,
    margin: { l: 54, r: 24, t: 0, b: FOOT },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: "system-ui, sans-serif", size: 12, color: colours.quiet },
    showlegend: false,
    hovermode: "x unified",
    hoversubplots: "axis",
    hoverlabel: { bgcolor: colours.card, bordercolor: colours.line, font: { color: colours.ink } },
    xaxis: {
      type: "date",
      anchor: `y${panels.length === 1 ? "" : panels.length}`,
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
      tickformatstops: TICKS,
    },
    ...axes,
    annotations,
    shapes,
  };
  return { data, layout, places };
}

function axis(domain, { range, share = false, blank = false, height }, colours) {
  return {
    domain,
    range,
    fixedrange: true,
    gridcolor: colours.line,
    zeroline: false,
    showticklabels: !blank,
    showgrid: !blank,
    tickformat: share ? ".0~%" : "~g",
    nticks: height < 100 ? 3 : 6,
  };
}

function heading(text, y, colours) {
  return {
    text,
    xref: "paper",
    yref: "paper",
    x: 0,
    y,
    xanchor: "left",
    yanchor: "bottom",
    showarrow: false,
    font: { color: colours.ink, size: 13, weight: 600 },
  };
}

/** A course as a line; a share is read in percent. */
export function line(x, y, name, colour, more, suffix, share = false) {
  return {
    x,
    y,
    name,
    type: "scatter",
    mode: "lines",
    line: { color: colour, width: 1.6, ...more },
    hovertemplate: share ? "%{y:.1%}" : `%{y:.4~g}${suffix}`,
  };
}

/** A figure with its interval; where nothing is known is left out, not drawn as a gap. */
export function banded(x, course, name, colours, share, colour = colours.quality) {
  const { time, value, lower, upper } = known(x, course);
  const one = line(time, value, name, colour, { width: 2.2 }, "", share);
  one.mode = time.length < 40 ? "lines+markers" : "lines";
  one.marker = { size: 5 };
  if (!lower) return [one];
  const format = share ? ".1%" : ".4~g";
  one.customdata = time.map((_, row) => [lower[row], upper[row]]);
  one.hovertemplate = `%{y:${format}} (%{customdata[0]:${format}} to %{customdata[1]:${format}})`;
  const edge = { x: time, mode: "lines", line: { width: 0 }, hoverinfo: "skip" };
  return [
    { ...edge, y: lower },
    { ...edge, y: upper, fill: "tonexty", fillcolor: colour === colours.quality ? colours.band : colours.shade },
    one,
  ];
}

/** The places of a course at which its value is known; intervals only where any is. */
export function known(x, { value, lower, upper }) {
  const rows = [...x.keys()].filter((row) => value[row] !== null);
  const pick = (column) => rows.map((row) => column[row]);
  const found = { time: pick(x), value: pick(value) };
  const wide = lower?.some((end) => end !== null) ?? false;
  return wide ? { ...found, lower: pick(lower), upper: pick(upper) } : found;
}

/** What was usual in the reference, as lines across a panel; none where that is not known. */
export function usual(value, colours) {
  return value === null ? [] : [level(value, { color: colours.level, width: 1, dash: "dash" })];
}

/** A line across a panel. */
export function level(y, look) {
  return { type: "line", xref: "paper", x0: 0, x1: 1, y0: y, y1: y, line: look };
}
