/** A model in the overview. */

import { el, say, set } from "./dom.js";
import { count, lasting, moment } from "./format.js";
import { gap } from "./gap.js";
import { modelLink } from "./route.js";
import { operationsSentence, sinceOf, sliceWord, stateOf, withoutName, withoutOperations } from "./words.js";

/** A state's sign and word. */
export function badge() {
  const sign = el("span", { "aria-hidden": "true" });
  const word = el("span");
  const root = el("span", { class: "badge" }, sign, word);
  return {
    root,
    update(state) {
      const known = stateOf(state);
      say(sign, known.sign);
      say(word, known.word);
      set(root, "data-state", state);
    },
  };
}

/** @param {{name: string, version: string}} key */
export function modelCard(key) {
  const state = badge();
  const since = el("p", { class: "since-text" });
  const reason = el("p", { class: "reason", dir: "auto" });
  const worst = el("p", { class: "operations" });
  const operations = el("p", { class: "operations" });
  const facts = el("p", { class: "facts" });
  const plots = gap();
  const root = el(
    "li",
    { class: "card" },
    el(
      "div",
      { class: "card-words" },
      el(
        "h2",
        {},
        el(
          "a",
          { href: modelLink(key), class: "card-link" },
          el("bdi", {}, key.name),
          " ",
          el("bdi", { class: "version" }, key.version),
        ),
      ),
      state.root,
      since,
      reason,
      worst,
      operations,
      facts,
    ),
    plots.root,
  );

  /** @param {Object} model One of the overview's models. */
  function update(model) {
    const { trouble } = stateOf(model.state);
    set(root, "data-state", model.state);
    state.update(model.state);
    say(since, sinceSentence(model));
    const more = model.more_reasons + Math.max(model.reasons.length - 1, 0);
    say(reason, model.reasons.length === 0 ? "" : reasonOf(model, more, trouble));
    say(worst, model.worst_slice.length === 0 ? "" : `Worst for ${sliceWord(model.worst_slice)}.`);
    say(operations, trouble ? operationsSentence(model.operational) : "");
    say(facts, `${count(model.predictions)} predictions, ${count(model.labels)} labels`);
    plots.update(model);
  }

  return { root, update };
}

function reasonOf(model, more, trouble) {
  const sentence = withoutName(model.reasons[0], model);
  const said = trouble ? withoutOperations(sentence) : sentence;
  if (more === 0) return said;
  return said.endsWith(".") ? `${said} And ${more} more.` : `${said}, and ${more} more.`;
}

function sinceSentence(model) {
  const since = sinceOf(model);
  if (since === null) return "";
  const lasted = lasting(since, model.last_event);
  return `since ${moment(since)}${lasted === "" ? "" : ` · ${lasted}`}`;
}
