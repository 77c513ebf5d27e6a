/** Alarms as sentences. */

import { el, keep, say, set } from "./dom.js";
import { lasting, moment } from "./format.js";
import { alarmLink } from "./route.js";
import { severityWord, signalWord } from "./words.js";

/** @param {string} empty What stands there when there is none. */
export function alarmList(empty) {
  const parts = new Map();
  const list = el("ul", { class: "alarms" });
  const none = el("p", { class: "quiet" }, empty);
  const root = el("div", {}, list, none);
  return {
    root,
    /** @param {Object[]} alarms As the API shows them. */
    update(alarms) {
      keep(list, parts, alarms, (alarm) => alarm.id, item);
      none.hidden = alarms.length > 0;
      list.hidden = alarms.length === 0;
    },
  };
}

function item(first) {
  const sentence = el("a", { href: alarmLink(first), dir: "auto" });
  const kind = el("span", { class: "severity", "data-severity": first.severity });
  const when = el("span", { class: "quiet" });
  const root = el("li", {}, el("p", { class: "alarm-head" }, kind, when), sentence);
  return {
    root,
    update(alarm) {
      set(root, "data-state", alarm.state);
      say(kind, `${signalWord(alarm.signal)}: ${severityWord(alarm.severity)}`);
      say(sentence, alarm.sentence);
      say(when, time(alarm));
    },
  };
}

function time(alarm) {
  if (alarm.resolved === null) return `since ${moment(alarm.since)}`;
  const lasted = lasting(alarm.since, alarm.resolved);
  return `${moment(alarm.since)}${lasted === "" ? "" : `, for ${lasted}`}, resolved`;
}
