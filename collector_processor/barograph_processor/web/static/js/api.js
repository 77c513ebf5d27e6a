/** Questions to the processor. */

const PATIENCE_MS = 10_000;

/** The processor answered that there is no such thing. */
export class NotFound extends Error {}

/**
 * @param {string} path
 * @param {Object<string, string>} query
 * @param {AbortSignal} signal Ends the question when nobody wants the answer any more.
 * @returns {Promise<any>}
 * @throws {NotFound} There is no such model or alarm.
 * @throws {Error} No answer in time, or one that is no success.
 */
export async function ask(path, query, signal) {
  const address = `${path}?${new URLSearchParams(query)}`;
  const response = await fetch(address, {
    signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]),
    headers: { accept: "application/json" },
  });
  if (response.status === 401) location.assign("/login"); // the session is over
  if (response.status === 404) throw new NotFound((await response.json()).error);
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return response.json();
}

/** The processor does not take it, and says why. */
export class Refused extends Error {}

/**
 * Tell the processor something.
 * @param {string} path
 * @param {Object} content
 * @throws {Refused} It is not taken.
 * @throws {Error} No answer in time.
 */
export async function send(path, content) {
  const response = await fetch(path, {
    method: "POST",
    signal: AbortSignal.timeout(PATIENCE_MS),
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify(content),
  });
  if (response.ok) return;
  if (response.status === 401) location.assign("/login"); // it takes a token
  const { error } = await response.json().catch(() => ({ error: `the answer was ${response.status}` }));
  throw new Refused(error);
}
