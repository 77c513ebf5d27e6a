/** Questions to the processor. */

const PATIENCE_MS = 10_000;

/** The processor gave no answer in time, or none that is a success. */
export class Unanswered extends Error {}

/** The processor answered that there is no such thing. */
export class NotFound extends Error {}

/**
 * @param {string} path
 * @param {Object<string, string>} query
 * @param {AbortSignal} signal Ends the question when nobody wants the answer any more.
 * @returns {Promise<any>}
 * @throws {NotFound} There is no such model or alarm.
 * @throws {Unanswered} No answer in time, or one that is no success.
 */
export async function ask(path, query, signal) {
  const response = await answer(`${path}?${new URLSearchParams(query)}`, {
    signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]),
    headers: { accept: "application/json" },
  });
  if (response.status === 401) logIn();
  if (response.status === 404) throw new NotFound((await response.json()).error);
  if (!response.ok) throw new Unanswered(`${path} answered ${response.status}`);
  return response.json();
}

/** The session is over, or there was none; the place within the page outlives the form. */
function logIn() {
  location.assign(`/login?again${location.hash}`);
}

async function answer(address, options) {
  return fetch(address, options).catch((error) => {
    throw new Unanswered(error.message);
  });
}

/** The processor does not take it, and says why. */
export class Refused extends Error {}

/**
 * Tell the processor something.
 * @param {string} path
 * @param {Object} content
 * @throws {Refused} It is not taken.
 * @throws {Unanswered} No answer in time.
 */
export async function send(path, content) {
  const response = await answer(path, {
    method: "POST",
    signal: AbortSignal.timeout(PATIENCE_MS),
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify(content),
  });
  if (response.ok) return;
  if (response.status === 401) logIn();
  const { error } = await response.json().catch(() => ({ error: `the answer was ${response.status}` }));
  throw new Refused(error);
}
