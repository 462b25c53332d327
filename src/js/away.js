// @ts-check
/**
 * That the user is away from a tab, at the provider, which no lock can tell: it dies with its page.
 * Written down for all tabs to see, with the time until which it counts.
 */

/** No user is away for longer, whatever a clock that was set back says of it. In milliseconds. */
const LONGEST = 24 * 60 * 60 * 1000;

/** Storage that is refused holds nothing. @template T @param {() => T} run @returns {T | undefined} */
const quietly = (run) => {
  try {
    return run();
  } catch {
    return undefined;
  }
};

/** @param {string} name what is the same in all tabs of the app */
export const absence = (name) => {
  const key = `${name} away`;
  /** @returns {{ id?: string, until?: number }} */
  const read = () => quietly(() => JSON.parse(localStorage.getItem(key) ?? "{}")) ?? {};
  const ours = () => quietly(() => sessionStorage.getItem(key)) ?? null;
  const forget = () => quietly(() => localStorage.removeItem(key));

  return {
    /** Until when a user counts as away from another tab, if one does. @returns {number | undefined} */
    until: () => {
      const { id, until = 0 } = read();
      const left = until - Date.now();
      return left > 0 && left <= LONGEST && id !== ours() ? until : undefined;
    },
    /** The user leaves this tab. @param {number} until in milliseconds since the epoch */
    begin: (until) =>
      quietly(() => {
        const id = `${Math.random()}`;
        sessionStorage.setItem(key, id);
        localStorage.setItem(key, JSON.stringify({ id, until }));
      }),
    /** Nobody is away from this tab any more. */
    end: () =>
      quietly(() => {
        const id = ours();
        if (id === null) return;
        sessionStorage.removeItem(key);
        if (read().id === id) forget();
      }),
    /** The other tab is not waited for any longer. */
    forget,
    /**
     * Until something has changed, or so many milliseconds have passed.
     * @param {number} left @param {AbortSignal} signal
     */
    change: (left, signal) =>
      /** @type {Promise<void>} */ (
        new Promise((resolve) => {
          const timer = setTimeout(done, left);
          function done() {
            clearTimeout(timer);
            removeEventListener("storage", done);
            signal.removeEventListener("abort", done);
            resolve();
          }
          addEventListener("storage", done);
          signal.addEventListener("abort", done);
        })
      ),
  };
};
