/** All models: which is in trouble, since when, and whether the usual dashboards show it. */

import { alarmList } from "./alarm-list.js";
import { ask } from "./api.js";
import { modelCard } from "./card.js";
import { el, keep, say } from "./dom.js";
import { byUrgency, headline, stateOf, STATES } from "./words.js";

const EXAMPLE = `import barograph

barograph.configure(endpoint="http://127.0.0.1:34318")

@barograph.observe(model="fraud", version="1", task="binary", id="order_id")
def predict(order_id: str, amount: float) -> float:
    ...

barograph.label("order-17", True)  # whenever the truth is known`;

export function overview() {
  const title = el("h1");
  const tally = el("ul", { class: "tally", "aria-label": "Models by state" });
  const cards = new Map();
  const list = el("ul", { class: "cards" });
  const alarms = alarmList("No alarm is open.");
  const more = el("p", { class: "quiet" });
  const models = el("section", { class: "models", "aria-label": "Models" }, list);
  const aside = el(
    "aside",
    { "aria-labelledby": "alarms-title", tabindex: "-1" },
    el("h2", { id: "alarms-title" }, "Open alarms"),
    alarms.root,
    more,
  );
  const empty = nothingYet();
  const jump = el("button", { type: "button", class: "jump", onclick: toAlarms });
  const body = el("div", { class: "columns" }, models, aside);
  const root = el("div", { class: "overview" }, title, tally, jump, body, empty);

  function toAlarms() {
    aside.scrollIntoView();
    aside.focus({ preventScroll: true });
  }

  /** @returns {Promise<{title: string, states: Map<string, string>, ready: boolean}>} */
  async function refresh(signal) {
    const found = await ask("/api/page/overview", {}, signal);
    const sorted = found.models.sort(byUrgency);
    const words = sorted.length === 0 ? "No prediction has arrived yet" : headline(sorted);
    say(title, words);
    empty.hidden = sorted.length > 0;
    body.hidden = tally.hidden = sorted.length === 0;
    jump.hidden = found.open_alarms === 0;
    say(jump, `${found.open_alarms} open alarm${found.open_alarms === 1 ? "" : "s"} ↓`);
    count(tally, sorted);
    keep(list, cards, sorted, keyOf, modelCard);
    alarms.update(found.alarms);
    const hidden = found.open_alarms - found.alarms.length;
    say(more, hidden > 0 ? `and ${hidden} more; see the models.` : "");
    const trouble = sorted.filter((model) => stateOf(model.state).trouble).length;
    return {
      title: trouble > 0 ? `${trouble} in trouble` : "All models",
      news: words,
      ready: found.ready,
    };
  }

  return { root, refresh };
}

const keyOf = ({ name, version }) => JSON.stringify([name, version]);

function count(tally, models) {
  const items = [];
  for (const [state, { word, sign }] of STATES) {
    const number = models.filter((model) => model.state === state).length;
    if (number === 0) continue;
    items.push(
      el(
        "li",
        { "data-state": state },
        el("span", { "aria-hidden": "true" }, `${sign} `),
        `${number} ${word.toLowerCase()}`,
      ),
    );
  }
  tally.replaceChildren(...items);
}

function nothingYet() {
  return el(
    "section",
    { class: "empty", hidden: true },
    el("p", {}, "A model appears here with its first prediction. In your application:"),
    el("pre", { tabindex: "0", "aria-label": "Example in Python" }, el("code", {}, EXAMPLE)),
    el(
      "p",
      { class: "quiet" },
      "Or point an OpenTelemetry Collector here. To see a model fail first, run ",
      el("code", {}, "barograph demo"),
      ".",
    ),
  );
}
