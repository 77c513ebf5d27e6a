/**
 * Places within the page, after the `#`. Names go into a query, where they may
 * hold anything.
 */

/** @returns {{view: string, query: URLSearchParams}} */
export function here() {
  const [view, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  return { view, query: new URLSearchParams(query) };
}

export function modelLink({ name, version }) {
  return `#/model?${new URLSearchParams({ name, version })}`;
}

export function alarmLink({ id }) {
  return `#/alarm?${new URLSearchParams({ id })}`;
}
