/** Asking again and again, as long as somebody looks. */

const PAUSE_MS = 4_000;
const LONGEST_PAUSE_MS = 15_000;

/**
 * Call `work` now and a few seconds after each time that it ended; less often
 * while it fails, and not at all while the page is hidden.
 * @param {function(AbortSignal): Promise<void>} work
 * @param {{success: function(): void, failure: function(Error): void}} told
 * @returns {function(): void} Stops it.
 */
export function poll(work, told) {
  const stop = new AbortController();
  let timer = 0;
  let running = false;
  let failures = 0;

  async function turn() {
    if (running || document.hidden) return;
    running = true;
    clearTimeout(timer);
    try {
      await work(stop.signal);
      failures = 0;
      if (!stop.signal.aborted) told.success();
    } catch (error) {
      failures += 1;
      if (!stop.signal.aborted) told.failure(error);
    }
    running = false;
    if (!stop.signal.aborted) {
      timer = setTimeout(turn, Math.min(PAUSE_MS * 2 ** Math.min(failures, 4), LONGEST_PAUSE_MS));
    }
  }

  document.addEventListener("visibilitychange", turn, { signal: stop.signal });
  // The network is back, or a page that the browser had put aside: no need to wait.
  addEventListener("online", turn, { signal: stop.signal });
  addEventListener("pageshow", turn, { signal: stop.signal });
  turn();
  return () => {
    stop.abort();
    clearTimeout(timer);
  };
}
