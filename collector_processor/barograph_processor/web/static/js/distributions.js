/** Small multiples: each feature now against the reference, what has moved most first. */

import { distribution } from "./distribution.js";
import { el, keep, say, set } from "./dom.js";
import { percent } from "./format.js";
import { signalWord } from "./words.js";

const FEW = 12;

export function distributionGrid() {
  const parts = new Map();
  const grid = el("ul", { class: "distributions" });
  const more = el("button", { type: "button", class: "more", onclick: () => open() });
  const key = el(
    "p",
    { class: "quiet key" },
    "Grey: the reference. Line: the last windows, the latest weighing most. Numbers are in bins that held about as much each in the reference.",
  );
  const none = el("p", { class: "quiet" }, "The reference is not complete yet.");
  const root = el("div", {}, grid, more, key, none);
  let streams = [];
  let all = false;

  function open() {
    all = true;
    show();
  }

  function show() {
    const shown = all ? streams : streams.slice(0, FEW);
    keep(grid, parts, shown, (stream) => JSON.stringify([stream.signal, stream.feature, stream.kind]), card);
    more.hidden = shown.length === streams.length;
    say(more, `Show all ${streams.length}`);
    key.hidden = streams.length === 0;
    none.hidden = streams.length > 0;
  }

  return {
    root,
    /**
     * @param {Object[]} to As the API answers.
     * @param {Object[]} drift What is watched for drift, strongest evidence first.
     */
    update(to, drift) {
      const places = new Map(drift.map((stream, place) => [nameOf(stream), { place, alarm: stream.alarm }]));
      streams = to
        .map((stream) => ({ ...stream, ...(places.get(nameOf(stream)) ?? { place: drift.length, alarm: false }) }))
        .toSorted((one, other) => one.place - other.place);
      show();
    },
  };
}

const nameOf = ({ signal, feature }) => JSON.stringify([signal, feature]);

function card(first) {
  const picture = distribution(first);
  const facts = el("p", { class: "quiet" });
  const title = first.feature === null ? el("span", {}, signalWord(first.signal)) : el("bdi", {}, first.feature);
  const root = el("li", { class: "distribution" }, el("h3", {}, title), picture.root, facts);

  function update(stream) {
    set(root, "data-alarm", stream.alarm ? "" : null);
    picture.update(stream);
    const words = [
      change("missing", stream.missing),
      change(stream.kind === "numeric" ? "outside of the reference" : "new names", stream.outside),
    ];
    say(facts, words.filter((text) => text !== "").join(", "));
  }

  return { root, update };
}

function change(what, [before, now]) {
  return before > 0 || now > 0 ? `${what} ${percent(before)} → ${percent(now)}` : "";
}
