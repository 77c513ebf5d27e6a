/** What people are asked: drawn predictions, one card each, and what the answers say so far. */

import { ask } from "./api.js";
import { el, keep, say } from "./dom.js";
import { count, percent } from "./format.js";
import { endsOf, lossOf } from "./loss.js";
import { revealed, reviewItem } from "./review-item.js";
import { modelLink } from "./route.js";

const SHOWN = 9;
const REMEMBERED = "barograph.reviewer";

export function reviewPage() {
  const name = el("input", {
    id: "reviewer",
    autocomplete: "username",
    maxlength: "100",
    required: true,
    value: localStorage.getItem(REMEMBERED) ?? "",
    onchange: () => localStorage.setItem(REMEMBERED, reviewer()),
  });
  const sections = new Map();
  const list = el("div");
  const empty = el("p", { class: "empty" });
  const answered = new Set();
  const root = el(
    "div",
    { class: "review" },
    el("h1", {}, "Review"),
    el(
      "p",
      {},
      "These predictions were drawn by chance, the doubtful and the rare ones more often. Each answer counts by the chance that its prediction had, so they speak for all predictions.",
    ),
    el("p", { class: "picker" }, el("label", { for: "reviewer" }, "You are "), name),
    list,
    empty,
  );

  const reviewer = () => name.value.trim();

  async function refresh(signal) {
    const query = { limit: String(SHOWN), ...(reviewer() === "" ? {} : { reviewer: reviewer() }) };
    const found = await ask("/api/review", query, signal);
    const models = found.models.filter((model) => model.drawn > 0).sort(askedFirst);
    for (const model of models) {
      model.items = model.items.filter((item) => !answered.has(keyOf(model, item)));
    }
    keep(list, sections, models, keyOf, (model) => modelSection(model, { reviewer, done, name }));
    const waiting = models.reduce((sum, model) => sum + model.items.length, 0);
    say(empty, waiting > 0 ? "" : "Nothing is waiting for an answer.");
    empty.hidden = waiting > 0;
    return { title: "Review", news: `${waiting} predictions to review`, ready: found.ready };
  }

  function done(model, item, card) {
    answered.add(keyOf(model, item));
    const next = card.nextElementSibling ?? card.previousElementSibling;
    card.remove();
    (next?.querySelector("button, input") ?? name).focus();
  }

  return { root, refresh };
}

const askedFirst = (one, other) => Number(one.pending === 0) - Number(other.pending === 0);
const keyOf = (model, item) => JSON.stringify([model.name, model.version, item?.id]);

function modelSection(key, { reviewer, name, done }) {
  const facts = el("p", { class: "facts" });
  const taken = el("p", { class: "facts", "aria-live": "polite" });
  const cards = new Map();
  const list = el("ul", { class: "questions" });
  const root = el(
    "section",
    {},
    el("h2", {}, el("a", { href: modelLink(key) }, el("bdi", {}, key.name), " ", el("bdi", { class: "version" }, key.version))),
    facts,
    taken,
    list,
  );
  const desk = {
    reviewer,
    name,
    done(model, item, card) {
      done(model, item, card);
      say(taken, `Answer taken. ${revealed(item)}`);
    },
  };

  function update(model) {
    say(facts, factsOf(model));
    keep(list, cards, model.items, (item) => item.id, (item) => reviewItem(model, item, desk));
  }

  return { root, update };
}

function factsOf({ pending, answered, expired, risk, disagreement, task, items }) {
  const parts = [`${count(pending)} to answer, ${count(answered)} answered, ${count(expired)} expired.`];
  if (items.length > 0 && pending > items.length) {
    parts.push(`${count(items.length)} are shown; the next come as you answer.`);
  }
  if (risk !== null) {
    // Of a regression there is none: how large an error is wrong is for its labels to say.
    const loss = { task, scale: 1 };
    parts.push(`By ${count(risk.answers)} ${risk.answers === 1 ? "answer or label" : "answers or labels"} of drawn ones, all predictions: ${lossOf(risk.value, loss)}, 95 % interval ${endsOf([risk.lower, risk.upper], loss)}.`);
  }
  if (disagreement.share !== null) {
    parts.push(`Two people disagreed on ${percent(disagreement.share)} of ${count(disagreement.of)}.`);
  }
  return parts.join(" ");
}
