/**
 * An element that shows a Plotly figure: it fits, follows the theme, and can be read by keyboard.
 * What is seen is drawn first, the others when the browser has nothing else to do: a page has
 * many, and each takes time.
 */

import { el, say } from "./dom.js";
import { loadPlotly } from "./plotly.js";

const CONFIG = { displayModeBar: false, responsive: false, doubleClick: "reset", showTips: false };
const DARK = matchMedia("(prefers-color-scheme: dark)");
const FINGER = matchMedia("(pointer: coarse)");
const NEAR = "50%";
const PATIENCE_MS = 1_000;

/**
 * @param {string} label What it shows, for those who do not see it.
 * @param {?function(number): string} read What is to be read at a place of the x axis, for
 *   those who move the cursor by keyboard; null where there is no cursor to move.
 */
export function figure(label, read = null) {
  const plot = el("div", { class: "plot" });
  const reading = el("p", { class: "unseen", "aria-live": "polite" });
  const wait = el("p", { class: "loading" }, "Drawing…");
  const reader = {
    tabindex: "0",
    role: "application",
    "aria-label": `${label}. Left and right arrow keys move the cursor.`,
    onkeydown: move,
  };
  const root = el(
    "div",
    { class: "figure", ...(read === null ? { role: "img", "aria-label": label } : reader) },
    wait,
    plot,
    reading,
  );
  let describe = null;
  let places = [];
  let panels = [];
  let cursor = null;
  let width = 0;
  let near = false;
  let stale = false;

  async function draw() {
    if (describe === null) return;
    stale = true;
    const Plotly = await loadPlotly().catch((error) => say(wait, `${error.message}.`) && null);
    if (!near) await idle();
    if (Plotly === null || !root.isConnected || !stale) return;
    stale = false;
    width = root.clientWidth;
    const described = describe({ width, colours: colours(root) });
    const { data, layout } = described;
    places = described.places ?? [];
    panels = data.map(({ yaxis }) => `x${yaxis}`);
    layout.dragmode = FINGER.matches ? false : "zoom";
    await Plotly.react(plot, data, layout, CONFIG);
    wait.hidden = true;
  }

  function move(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
    if (step === undefined || places.length === 0) return;
    event.preventDefault();
    const next = (cursor ?? (step > 0 ? -1 : places.length)) + step * (event.shiftKey ? 10 : 1);
    cursor = Math.min(Math.max(next, 0), places.length - 1);
    window.Plotly.Fx.hover(plot, { xval: places[cursor] }, panels);
    say(reading, read(cursor));
  }

  new ResizeObserver(() => {
    if (root.clientWidth !== width) draw();
  }).observe(root);
  new IntersectionObserver(
    ([{ isIntersecting }]) => {
      near = isIntersecting;
      if (stale) draw();
    },
    { rootMargin: NEAR },
  ).observe(root);
  DARK.addEventListener("change", draw);

  return {
    root,
    /**
     * @param {function({width: number, colours: Object}): {data: Object[], layout: Object, places?: number[]}} to
     *   Describes the figure, and where on the x axis its cursor may stand.
     */
    update(to) {
      describe = to;
      draw();
    },
  };
}

/** Settles when the browser has nothing else to do, or had not for a while. */
function idle() {
  const wait = window.requestIdleCallback ?? setTimeout;
  return new Promise((done) => wait(done, { timeout: PATIENCE_MS }));
}

/** The theme's colours by name, as the style sheet defines them. */
function colours(root) {
  const style = getComputedStyle(root);
  const names = ["ink", "quiet", "line", "quality", "band", "latency", "errors", "traffic", "harm", "level", "shade", "card"];
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}
