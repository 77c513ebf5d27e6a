/** Evidence as a multiple of what an alarm asks for, which needs no explaining. */

import { plain } from "./format.js";

/** @param {{alarm: boolean, evidence: ?number}} status `evidence` is log10 over its threshold. */
export function evidenceWord({ alarm, evidence }) {
  if (evidence === null) return "–";
  const times = evidence > 6 ? "> 10⁶ ×" : evidence < -3 ? "< 0.001 ×" : `${plain(10 ** evidence)} ×`;
  return alarm ? `alarm, ${times}` : times;
}
