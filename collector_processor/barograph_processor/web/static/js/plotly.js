/** Loads the plotting library where there is something to plot: it is 4.8 MB. */

let loading = null;

/** @returns {Promise<Object>} Plotly. @throws {Error} It cannot be loaded; may be tried again. */
export function loadPlotly() {
  loading ??= load().catch((error) => {
    loading = null;
    throw error;
  });
  return loading;
}

async function load() {
  const script = document.createElement("script");
  script.src = "/static/plotly.min.js";
  // The bundle brings along the stylesheet of its maps, and inserts it as it
  // starts. Our policy forbids that and reports it; there are no maps here, so
  // the bundle gets an element on which a stylesheet does nothing.
  const create = document.createElement;
  document.createElement = function (tag, options) {
    return create.call(document, tag === "style" ? "template" : tag, options);
  };
  try {
    await new Promise((done, failed) => {
      script.onload = done;
      script.onerror = () => failed(new Error("the plotting library cannot be loaded"));
      document.head.append(script);
    });
  } finally {
    delete document.createElement;
  }
  return window.Plotly;
}
