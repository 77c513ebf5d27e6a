/** In what unit a risk is read: shares of wrong classes, typical errors, or gains. */

import { percent, plain } from "./format.js";

/**
 * A risk as a number in its unit. An error e of a regression has the loss e / (e + scale).
 * @param {?number} risk In [0, 1].
 * @param {{task: ?string, scale: number}} loss As in the API's `reference`.
 */
export function valueOf(risk, { task, scale }) {
  if (risk === null || risk === undefined) return null;
  if (task === "regression") return (scale * risk) / Math.max(1 - risk, 1e-9);
  return task === "ranking" ? 1 - risk : risk;
}

/** The same in words. */
export function figureOf(risk, loss) {
  const isShare = loss.task !== "regression" && loss.task !== "ranking";
  return (isShare ? percent : plain)(valueOf(risk, loss));
}

/** What the figure is, as a heading: it stands before the figure or above it. */
export function unitOf({ task }) {
  if (task === "regression") return "Typical error";
  return task === "ranking" ? "Gain" : "Wrong";
}

/** The figure with what it is, within a sentence. */
export function lossOf(risk, loss) {
  const said = figureOf(risk, loss);
  if (loss.task === "regression") return `typically off by ${said}`;
  return loss.task === "ranking" ? `a gain of ${said}` : `${said} wrong`;
}

/** The ends of an interval, the lower first as people read it: a high risk is a low gain. */
export function endsOf([low, high], loss) {
  const ends = loss.task === "ranking" ? [high, low] : [low, high];
  return ends.map((end) => figureOf(end, loss)).join(" to ");
}
