/** Numbers and times for people. Times are event times, in UTC. */

const UNKNOWN = "–";
const DAY = new Intl.DateTimeFormat("en-GB", {
  timeZone: "UTC",
  day: "numeric",
  month: "short",
  year: "numeric",
});
const CLOCK = new Intl.DateTimeFormat("en-GB", {
  timeZone: "UTC",
  hour: "2-digit",
  minute: "2-digit",
});
const COUNT = new Intl.NumberFormat("en");

/** @param {?number} value @returns {string} `336,776` */
export function count(value) {
  return value === null || value === undefined ? UNKNOWN : COUNT.format(value);
}

/** @param {?number} value A share. @returns {string} `12.3 %`; more digits where it is small, `< 0.01 %`. */
export function percent(value) {
  if (value === null || value === undefined) return UNKNOWN;
  if (value > 0 && value < 0.00005) return "<\u00a00.01\u00a0%";
  const digits = value !== 0 && Math.abs(value) < 0.001 ? 2 : 1;
  return `${(100 * value).toFixed(digits)}\u00a0%`;
}

/** @param {?number} value @returns {string} Three significant digits, or whole: `0.0123`, `16,436`. */
export function plain(value) {
  if (value === null || value === undefined) return UNKNOWN;
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e9 || size < 1e-4) return value.toExponential(1);
  return size >= 100 ? COUNT.format(Math.round(value)) : String(Number(value.toPrecision(3)));
}

/** A value as it came, but for the noise behind its tenth digit: `2013`, `310.5`, `52.520008`. */
export const given = (value) => String(Number(value.toPrecision(10)));

/** @param {?number} seconds @returns {string} `42 ms` */
export function latency(seconds) {
  if (seconds === null || seconds === undefined) return UNKNOWN;
  if (seconds >= 1) return `${seconds.toPrecision(3)}\u00a0s`;
  if (seconds >= 1e-3) return `${Number((1e3 * seconds).toPrecision(3))}\u00a0ms`;
  return `${Math.round(1e6 * seconds)}\u00a0µs`;
}

/** @param {?(string|number)} time ISO 8601 or ms. @returns {string} `4 Mar 2013, 10:20 UTC` */
export function moment(time) {
  if (time === null || time === undefined) return UNKNOWN;
  const date = new Date(time);
  return `${DAY.format(date)}, ${CLOCK.format(date)} UTC`;
}

/** A time beside a plot, as exact as its span asks for: `4 Mar 2013` or `4 Mar, 10:20`. */
export function tick(time, span) {
  if (span > 2 * 86_400_000) return DAY.format(time);
  return `${DAY.format(time).replace(/ \d+$/, "")}, ${CLOCK.format(time)}`;
}

/** @param {number} ms @returns {string} `3 days`, `5 hours`; one unit is enough. */
export function duration(ms) {
  const units = [
    ["day", 86_400_000],
    ["hour", 3_600_000],
    ["minute", 60_000],
  ];
  for (const [unit, size] of units) {
    const number = Math.round(ms / size);
    if (ms >= size) return `${COUNT.format(number)} ${unit}${number === 1 ? "" : "s"}`;
  }
  return "less than a minute";
}

/** How long something has lasted by the model's own clock, or "" where that is unknown. */
export function lasting(since, until) {
  if (!since || !until) return "";
  const ms = Date.parse(until) - Date.parse(since);
  return ms > 0 ? duration(ms) : "";
}

const SHARES = new Set(["accuracy", "precision", "recall", "f1", "hit_rate"]);

/** Whether a figure of quality is a share, to be read in percent. */
export const isShare = (metric) => SHARES.has(metric);

/** A figure of quality: shares in percent, others as they are. */
export const quality = (metric, value) => (isShare(metric) ? percent(value) : plain(value));
