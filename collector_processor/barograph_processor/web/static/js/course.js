/** Figures over time: drawn, read at a cursor by keyboard, and as a table. */

import { el } from "./dom.js";
import { figure } from "./figure.js";
import { figuresTable } from "./figures-table.js";
import { moment } from "./format.js";

const SHOWN = 25;

/**
 * @typedef {{title: string, value: ?number[], lower?: ?number[], upper?: ?number[], say: function(?number): string}} Column
 *   One figure at each time. Titles end as text, so names from outside may be in them.
 */

/** @param {string} label What it shows, for those who do not see it. */
export function course(label) {
  const plot = figure(label, reading);
  plot.root.classList.add("course");
  const table = figuresTable("The same in figures", label);
  let time = [];
  let columns = [];

  const cell = ({ value, lower, upper, say }, row) =>
    (lower?.[row] ?? null) === null ? say(value[row]) : `${say(value[row])} (${say(lower[row])} to ${say(upper[row])})`;

  function reading(row) {
    return [moment(time[row]), ...columns.map((column) => `${column.title} ${cell(column, row)}`)].join(", ");
  }

  return {
    root: el("div", {}, plot.root, table.root),
    /**
     * @param {number[]} at ms.
     * @param {Column[]} to
     * @param {function({width: number, colours: Object}): Object} describe The figure, see `stack`.
     */
    update(at, to, describe) {
      time = at;
      columns = to;
      plot.update(describe);
      const rows = [...at.keys()].slice(-SHOWN).reverse();
      table.update(
        ["Until", ...to.map(({ title }) => title)],
        rows.map((row) => [moment(at[row]), ...to.map((column) => cell(column, row))]),
      );
    },
  };
}
