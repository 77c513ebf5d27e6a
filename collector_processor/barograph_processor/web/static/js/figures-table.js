/** What a plot shows, in figures, for those who would rather read it. */

import { el, say } from "./dom.js";

/**
 * @param {string} title What unfolds it.
 * @param {string} label What it is, for those who hear it.
 */
export function figuresTable(title, label) {
  const holder = el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": label });
  const root = el("details", { class: "windows" }, el("summary", {}, title), holder);

  /**
   * @param {string[]} heads
   * @param {string[][]} rows The first cell of each says what it is about.
   */
  function update(heads, rows) {
    holder.replaceChildren(
      el(
        "table",
        {},
        el("thead", {}, el("tr", {}, ...heads.map((text) => el("th", { scope: "col" }, text)))),
        el("tbody", {}, ...rows.map(line)),
      ),
    );
  }

  return { root, update };
}

function line([first, ...others]) {
  return el("tr", {}, say(el("th", { scope: "row" }), first), ...others.map((text) => el("td", {}, text)));
}
