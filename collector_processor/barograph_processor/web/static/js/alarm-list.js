/** Alarms as sentences. */

import { el, keep, say, set } from "./dom.js";
import { lasting, moment } from "./format.js";
import { alarmLink } from "./route.js";
import { severityWord, signalWord, withoutName } from "./words.js";

/**
 * @param {string} empty What stands there when there is none.
 * @param {number} shown How many are there at once; the others unfold.
 * @param {?{name: string, version: string}} beside The model that they stand beside, if they do.
 */
export function alarmList(empty, shown = Infinity, beside = null) {
  const first = list(beside);
  const others = list(beside);
  const summary = el("summary");
  const more = el("details", {}, summary, others.root);
  const none = el("p", { class: "quiet" }, empty);
  return {
    root: el("div", {}, first.root, more, none),
    /** @param {Object[]} alarms As the API shows them. */
    update(alarms) {
      first.update(alarms.slice(0, shown));
      others.update(alarms.slice(shown));
      say(summary, `and ${Math.max(alarms.length - shown, 0)} more`);
      more.hidden = alarms.length <= shown;
      none.hidden = alarms.length > 0;
    },
  };
}

function list(beside) {
  const parts = new Map();
  const root = el("ul", { class: "alarms" });
  return {
    root,
    update(alarms) {
      keep(root, parts, alarms, (alarm) => alarm.id, (alarm) => item(alarm, beside));
      root.hidden = alarms.length === 0;
    },
  };
}

function item(first, beside) {
  const sentence = el("a", { href: alarmLink(first), dir: "auto" });
  const kind = el("span", { class: "severity", "data-severity": first.severity });
  const when = el("span", { class: "quiet" });
  const root = el("li", {}, el("p", { class: "alarm-head" }, kind, when), sentence);
  return {
    root,
    update(alarm) {
      set(root, "data-state", alarm.state);
      say(kind, `${signalWord(alarm.signal)}: ${severityWord(alarm.severity)}`);
      say(sentence, beside === null ? alarm.sentence : withoutName(alarm.sentence, beside));
      say(when, time(alarm));
    },
  };
}

function time(alarm) {
  if (alarm.resolved === null) return `since ${moment(alarm.since)}`;
  const lasted = lasting(alarm.since, alarm.resolved);
  return `${moment(alarm.since)}${lasted === "" ? "" : `, for ${lasted}`}, resolved`;
}
