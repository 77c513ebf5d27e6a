/** The name of a slice: its dimensions and levels, which come from spans and are untrusted. */

import { el } from "./dom.js";

/** @param {[string, string][]} slice */
export function levels(slice) {
  return slice.flatMap(([dimension, level], place) => [
    ...(place > 0 ? [", "] : []),
    el("bdi", {}, dimension),
    " = ",
    el("bdi", {}, level),
  ]);
}
