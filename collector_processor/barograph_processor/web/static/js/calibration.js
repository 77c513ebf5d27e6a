/**
 * How often what a score promised came true, as a figure for Plotly: on the diagonal a score
 * keeps its word. Texts are our own words and figures.
 */

const HEIGHT = 320;

/**
 * @param {{reference: Object[], now: Object[]}} calibration Bins, lowest scores first.
 * @param {{width: number, colours: Object}} look
 */
export function calibrationFigure({ reference, now }, { width, colours }) {
  const axis = { range: [0, 1], fixedrange: true, gridcolor: colours.line, zeroline: false, tickformat: ".1~f" };
  return {
    data: [
      { x: [0, 1], y: [0, 1], mode: "lines", line: { color: colours.level, width: 1, dash: "dash" }, hoverinfo: "skip", showlegend: false },
      bins(reference, "reference", colours.quiet, 5),
      bins(now, "now", colours.quality, 8),
    ].map((trace) => ({ type: "scatter", yaxis: "y", ...trace })),
    layout: {
      width: Math.min(width, 560),
      height: HEIGHT,
      margin: { l: 56, r: 14, t: 8, b: 44 },
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: "system-ui, sans-serif", size: 12, color: colours.quiet },
      showlegend: true,
      legend: { x: 0.02, y: 0.98, bgcolor: "rgba(0,0,0,0)" },
      hoverlabel: { bgcolor: colours.card, bordercolor: colours.line, font: { color: colours.ink } },
      xaxis: { ...axis, title: { text: "Score, as given" } },
      yaxis: { ...axis, title: { text: "Came true" } },
    },
  };
}

function bins(found, name, colour, size) {
  return {
    x: found.map((bin) => bin.score),
    y: found.map((bin) => bin.rate),
    name,
    mode: "lines+markers",
    line: { color: colour, width: 1.5 },
    marker: { color: colour, size },
    error_y: {
      symmetric: false,
      array: found.map((bin) => bin.upper - bin.rate),
      arrayminus: found.map((bin) => bin.rate - bin.lower),
      color: colour,
      width: 2,
      thickness: 1,
    },
    customdata: found.map((bin) => bin.rows),
    hovertemplate: `%{y:.3~f} came true at a score of %{x:.3~f}, %{customdata} labels<extra>${name}</extra>`,
  };
}
