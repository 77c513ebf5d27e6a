/** One prediction to judge: what went in, a way to answer, and on request what would lead the answer. */

import { Refused, send } from "./api.js";
import { el, say, terms } from "./dom.js";
import { given, moment, percent } from "./format.js";

const MOST_BUTTONS = 8;

/**
 * @param {Object} model Whose prediction it is.
 * @param {Object} item One of its items.
 * @param {{reviewer: function(): string, name: HTMLInputElement, done: Function}} desk
 */
export function reviewItem(model, item, desk) {
  const trouble = el("p", { class: "trouble", role: "alert" });
  const root = el(
    "li",
    { class: "question" },
    el("p", { class: "facts" }, moment(item.time), " · ", el("bdi", {}, item.id), ...traceOf(item)),
    fields("Inputs", item.inputs),
    fields("Slices", ownSlices(item)),
    section("Output", item.asked === "right" ? output(item) : []),
    asking(item, answer),
    folded(item),
    trouble,
  );

  async function answer(content) {
    const reviewer = desk.reviewer();
    if (reviewer === "") {
      say(trouble, "Say first who you are, at the top.");
      desk.name.focus();
      return;
    }
    enable(false);
    try {
      await send("/api/review", { id: item.id, model: model.name, version: model.version, reviewer, ...content });
      desk.done(model, item, root);
    } catch (error) {
      say(trouble, error instanceof Refused ? error.message : "The processor does not answer. Try again.");
      enable(true);
    }
  }

  function enable(on) {
    for (const control of root.querySelectorAll("button, input")) control.disabled = !on;
  }

  return { root, update() {} };
}

function asking(item, answer) {
  if (item.asked === "right") {
    return group("Is this right?", button("Right", () => answer({ right: true })), button("Wrong", () => answer({ right: false })));
  }
  if (item.asked === "class" && item.classes.length > 0 && item.classes.length <= MOST_BUTTONS) {
    return group("Which is right?", ...item.classes.map((name) => button(name, () => answer({ label: name }))));
  }
  return typed(item, answer);
}

function group(question, ...controls) {
  return el("div", { role: "group", "aria-label": question, class: "answers" }, el("span", {}, question), ...controls);
}

function typed(item, answer) {
  const number = item.asked === "number";
  const field = el("input", {
    "aria-label": number ? "The true value" : "The right class",
    ...(number ? { type: "number", step: "any" } : { maxlength: "512" }),
    required: true,
  });
  return el(
    "form",
    {
      class: "answers",
      onsubmit(event) {
        event.preventDefault();
        answer({ label: number ? field.valueAsNumber : field.value });
      },
    },
    el("span", {}, number ? "What was the true value?" : "Which is right?"),
    field,
    el("button", { type: "submit" }, "Answer"),
  );
}

function button(text, onclick) {
  return el("button", { type: "button", onclick }, el("bdi", {}, text));
}

function fields(title, values) {
  return section(title, Object.keys(values).map((name) => [el("bdi", {}, name), el("bdi", {}, shown(values[name]))]));
}

function section(title, rows) {
  return rows.length === 0 ? null : el("div", {}, el("h3", {}, title), terms(rows));
}

/** Slices but those that are inputs, which stand there already. */
function ownSlices({ inputs, slices }) {
  return Object.fromEntries(Object.entries(slices).filter(([name, level]) => shown(inputs[name]) !== level));
}

/** What would lead the answer: of outputs that are judged themselves that is how sure the model was. */
function folded(item) {
  const sure = confidence(item);
  const [title, found] =
    item.asked === "right" ? ["How sure the model was", sure] : ["What the model said", [...output(item), ...sure]];
  return found.length === 0 ? null : el("details", {}, el("summary", {}, title), terms(found));
}

function output({ prediction: { label, value }, outputs }) {
  return [
    ...(label === null ? [] : [["Class", el("bdi", {}, label)]]),
    ...(value === null ? [] : [["Value", given(value)]]),
    ...Object.keys(outputs).map((name) => [el("bdi", {}, name), el("bdi", {}, shown(outputs[name]))]),
  ];
}

const confidence = ({ prediction: { confidence: sure } }) => (sure === null ? [] : [["Confidence", percent(sure)]]);

/** What was folded away, in a sentence for whoever has answered; empty if there was nothing. */
export function revealed(item) {
  const { label, value, confidence: sure } = item.prediction;
  const known = [label, value === null ? null : given(value)].filter((part) => part !== null);
  const said = item.asked === "right" || known.length === 0 ? "" : `said ${known.join(", ")}`;
  const parts = [said, sure === null ? "" : `was ${percent(sure)} sure`].filter((part) => part !== "");
  return parts.length === 0 ? "" : `The model ${parts.join(" and ")}.`;
}

const shown = (value) => (value === null ? "missing" : typeof value === "number" ? given(value) : value);

function traceOf({ trace_id: trace, trace_link: link }) {
  if (trace === null || !/^https?:\/\//.test(link ?? "")) return [];
  return [" · ", el("a", { href: link, rel: "noreferrer" }, "its trace")];
}
