/** Labels: how soon they come, and whether they keep coming. */

import { course } from "./course.js";
import { el, say } from "./dom.js";
import { figure } from "./figure.js";
import { figuresTable } from "./figures-table.js";
import { count, duration, percent } from "./format.js";
import { line, stack } from "./stack.js";

const HEIGHT = 220;

export function labelSection() {
  const words = el("p");
  const ages = figure("Share of the predictions that have their label, by their age");
  ages.root.classList.add("course");
  const table = figuresTable("The same in figures", "Labels by age of the prediction");
  const arriving = course("Labels that came with each window, per prediction");
  const byAge = el("div", {}, el("h3", {}, "Have their label, by age of the prediction"), ages.root, table.root);
  const over = el("div", {}, el("h3", {}, "Labels that came, per prediction"), arriving.root);
  const halves = el("div", { class: "halves" }, byAge, over);
  const root = el("div", {}, words, halves);

  /** @returns {boolean} Whether there is anything to show. */
  function update({ coverage, end, labels, rows }, { label_delay: delay }) {
    if (coverage === null) return false;
    halves.hidden = delay === null;
    if (delay === null) {
      say(words, "No label has come yet. Tell the truth whenever it is known, as in barograph.label(id, truth): without it nobody can say how often the model is right.");
      return true;
    }
    const steps = coverage.coverage.map(({ age: [first, last], ...step }) => ({
      ...step,
      age: ageWord(first, last, 1000 * coverage.window_s),
    }));
    say(words, sentence(steps, delay));
    ages.update((look) => ageFigure(steps, look));
    table.update(["Age of the prediction", "Have their label", "Predictions"], steps.map((step) => [step.age, percent(step.coverage), count(step.predictions)]));
    const share = labels.map((number, row) => number / Math.max(rows[row], 1));
    const high = 1.1 * Math.max(...share, 0.1);
    arriving.update(end, [{ title: "Labels per prediction", value: share, say: percent }], (look) =>
      stack(
        [{ title: "% of the window's predictions", height: HEIGHT - 66, share: true, range: [0, high], data: [line(end, share, "labels", look.colours.latency, {}, "", true)], levels: [] }],
        end,
        look,
      ),
    );
    return true;
  }

  return { root, update };
}

function sentence(steps, delay) {
  const oldest = steps.at(-1);
  const soon = `Labels come ${duration(1000 * delay.mean)} after their prediction on average.`;
  return oldest === undefined ? soon : `${soon} Of the oldest predictions that still count, ${percent(oldest.coverage)} have theirs.`;
}

/** `up to 2 hours`, `2 hours to 4 hours`. */
function ageWord(first, last, period) {
  return first === 0 ? `up to ${duration(period)}` : `${duration(first * period)} to ${duration((last + 1) * period)}`;
}

function ageFigure(steps, { width, colours }) {
  return {
    data: [
      {
        type: "bar",
        orientation: "h",
        y: steps.map(({ age }) => age),
        x: steps.map(({ coverage }) => coverage),
        marker: { color: colours.quality },
        hovertemplate: "%{x:.1%} of %{customdata:,} predictions<extra></extra>",
        customdata: steps.map(({ predictions }) => predictions),
      },
    ],
    layout: {
      width,
      height: HEIGHT,
      margin: { l: 140, r: 20, t: 8, b: 32 },
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: "system-ui, sans-serif", size: 12, color: colours.quiet },
      hoverlabel: { bgcolor: colours.card, bordercolor: colours.line, font: { color: colours.ink } },
      xaxis: { range: [0, 1.02], fixedrange: true, tickformat: ".0%", gridcolor: colours.line, zeroline: false },
      yaxis: { autorange: "reversed", fixedrange: true, type: "category" },
    },
  };
}
