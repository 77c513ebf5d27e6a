/** What the processor's words mean to a person who has not read its documentation. */

import { moment, plain } from "./format.js";

/** States by urgency, with the words and the sign for each. */
export const STATES = new Map([
  ["silent_degradation", { word: "Silent degradation", sign: "◆", trouble: true }],
  ["degraded", { word: "Degraded", sign: "▲", trouble: true }],
  ["drifting", { word: "Drifting", sign: "◐", trouble: false }],
  ["watch", { word: "Watch", sign: "◔", trouble: false }],
  ["blind", { word: "Blind", sign: "∅", trouble: false }],
  ["healthy", { word: "Healthy", sign: "●", trouble: false }],
]);

const URGENCY = [...STATES.keys()];

const SIGNALS = new Map([
  ["input.drift", "Input"],
  ["prediction.drift", "Output"],
  ["confidence.drift", "Confidence"],
  ["risk", "Quality"],
  ["slice", "Quality of a slice"],
  ["calibration", "Calibration"],
  ["trust", "Trust"],
  ["outcome", "Outcome"],
  ["evaluation", "Evaluation"],
  ["loop", "Feedback loop"],
  ["blind", "Blindness"],
]);

const SEVERITIES = new Map([
  ["page", "harm"],
  ["ticket", "look into it"],
  ["note", "note"],
]);

const METRICS = new Map([
  ["mae", "mean absolute error"],
  ["rmse", "root mean squared error"],
  ["auc", "area under the ROC curve"],
  ["brier", "Brier score"],
  ["log_loss", "log loss"],
  ["f1", "F1"],
  ["ndcg", "nDCG"],
  ["mrr", "mean reciprocal rank"],
  ["hit_rate", "hit rate"],
]);

const LOWER_IS_BETTER = new Set(["mae", "rmse", "brier", "log_loss"]);

/** @returns {{word: string, sign: string, trouble: boolean}} */
export function stateOf(state) {
  return STATES.get(state) ?? { word: state, sign: "?", trouble: false };
}

export const signalWord = (signal) => SIGNALS.get(signal) ?? signal;
export const severityWord = (severity) => SEVERITIES.get(severity) ?? severity;
export const metricWord = (metric) => METRICS.get(metric) ?? metric;
/** Whether it is 1 minus the risk, so that what is tolerated can be drawn beside it. */
export const isRiskless = (metric) => metric === "accuracy" || metric === "ndcg";
export const isBetterLow = (metric) => LOWER_IS_BETTER.has(metric);

/** Compare models for a list: those in trouble first, then by name. */
export function byUrgency(one, other) {
  return (
    URGENCY.indexOf(one.state) - URGENCY.indexOf(other.state) ||
    one.name.localeCompare(other.name) ||
    one.version.localeCompare(other.version)
  );
}

const LONGEST_NAME = 60;
/** How many models the headline names beside the first. */
const NAMED = 2;

/**
 * `flight-delay 2013.1`, for a sentence: not endless, and isolated, so that a name
 * written from right to left does not turn the words around it.
 */
export function nameOf({ name, version }) {
  return `\u2068${clip(name)}\u2069 \u2068${clip(version)}\u2069`;
}

function clip(text) {
  const letters = [...text];
  return letters.length > LONGEST_NAME ? `${letters.slice(0, LONGEST_NAME - 1).join("")}…` : text;
}

/**
 * An alarm's sentence where it stands beside its model: without the name before it.
 * @param {{name: string, version: string}} model
 */
export function withoutName(sentence, { name, version }) {
  const start = `${name} ${version}: `;
  return sentence.startsWith(start) ? capital(sentence.slice(start.length)) : capital(sentence);
}

const OPERATIONS = / (?:Latency|Errors|Traffic)(?: |, )[^.]*\.$/;

/** The same where what latency, errors and traffic do is said beside it. */
export const withoutOperations = (sentence) => sentence.replace(OPERATIONS, "");

/** Since when a model is as it is: the change itself where an alarm dates it, else its notice. */
export const sinceOf = (model) => model.change_since ?? model.since;

/**
 * What the usual dashboards show.
 * @param {Object<string, string>} operational `normal`, `high`, `low` or `unknown` by figure.
 */
export function operationsSentence(operational) {
  const clauses = ["high", "low", "normal"].flatMap((verdict) => {
    const names = Object.keys(operational).filter((name) => operational[name] === verdict);
    if (names.length === 0) return [];
    const one = names.length === 1 && names[0] !== "errors";
    return [`${list(names)} ${one ? "is" : "are"} ${verdict}`];
  });
  if (clauses.length === 0) return "Latency, errors and traffic are not known yet.";
  return `${capital(clauses.join("; "))}.`;
}

/** `carrier = DL, origin = JFK`, each name isolated and not endless. */
export function sliceWord(slice) {
  return slice.map(([dimension, level]) => `\u2068${clip(dimension)}\u2069 = \u2068${clip(level)}\u2069`).join(", ");
}

/**
 * The first thing to read: which model is in trouble, since when, and what did not show it.
 * @param {Object[]} models By urgency.
 */
export function headline(models) {
  const [first, ...others] = models.filter((model) => stateOf(model.state).trouble);
  if (first !== undefined) {
    const silent = first.state === "silent_degradation";
    const where = first.worst_slice.length === 0 ? "" : `${first.only_slices ? " for" : ", most of all for"} ${sliceWord(first.worst_slice)}`;
    const hidden = silent ? ", and latency, errors and traffic do not show it" : "";
    const named = others.slice(0, NAMED).map(nameOf);
    const rest = others.length > NAMED ? [`${others.length - NAMED} more`] : [];
    const more = others.length === 0 ? "" : ` So ${others.length === 1 ? "has" : "have"} ${list([...named, ...rest])}.`;
    return `${nameOf(first)} has been giving worse answers since ${moment(sinceOf(first))}${where}${hidden}.${more}`;
  }
  const blind = models.filter((model) => model.state === "blind").length;
  if (blind === models.length) {
    return blind === 1 ? "One model, and not enough seen of it yet." : `${blind} models, and not enough seen of them yet.`;
  }
  const rest = blind > 0 ? ` Of ${blind} that is not known.` : "";
  return `No model is known to give worse answers.${rest}`;
}

/** Evidence against its threshold, both log10. */
export function evidenceSentence(evidence, threshold) {
  const times = 10 ** (evidence - threshold);
  const budget = "what the alarm budget asks for";
  if (times >= 1e6) return `More than a million times ${budget}.`;
  if (times >= 1.05) return `${plain(times)} times ${budget}.`;
  if (times >= 0.95) return `Just ${budget}.`;
  return `${plain(100 * times)} % of ${budget}.`;
}

function list(words) {
  return words.length < 2 ? (words[0] ?? "") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
