// @ts-check
/** The turn of one tab to ask the user: a Web Lock, which dies with its page, and nobody being away. */

/**
 * @typedef {(what: "taken" | "awaited" | "overdue") => void} Tell
 * @typedef {ReturnType<typeof takeTurn>} Turn
 */

/** The lock that those hold together who wait, so that who succeeds knows of them. @param {string} name */
export const waitersOf = (name) => `${name} waiting`;

/** @param {AbortSignal} signal */
const fired = (signal) => new Promise((resolve) => signal.addEventListener("abort", resolve));

/**
 * Asks for the turn. Without Web Locks each tab is for itself.
 * @param {string} name
 * @param {ReturnType<typeof import("./away.js").absence>} away
 * @param {Tell} tell
 * @param {() => Promise<void>} look whether something was handed over, before the turn is told
 * @param {number} patience in milliseconds
 * @param {Promise<void>} before what must be over first
 */
export const takeTurn = (name, away, tell, look, patience, before) => {
  /** @type {LockManager | undefined} */
  const locks = globalThis.navigator?.locks;
  const over = new AbortController();
  const ended = fired(over.signal);
  /** Fires when nothing is waited for any longer. */
  const hurry = new AbortController();
  /** As long as another tab is waited for. @type {AbortController | undefined} */
  let waits;
  let forced = false;
  let muted = false;
  /** Whether the lock was taken away after it had been had. */
  let stolen = false;
  /** Whether the turn has been told. */
  let told = false;

  /** Whether the lock is this tab's now, until the turn is over. @param {LockOptions} how @returns {Promise<boolean>} */
  const lock = (how) =>
    new Promise((resolve) => {
      if (!locks) return resolve(true);
      let had = false;
      locks
        .request(name, how, (granted) => {
          had = !!granted;
          resolve(had);
          return granted ? ended : undefined;
        })
        // Given up, or taken away by a user who goes on elsewhere; or not to be had at all.
        .catch(() => {
          stolen ||= had;
          resolve(true);
          if (had && told && !muted) stand();
        });
    });

  /** @param {Parameters<Tell>[0]} what */
  const say = (what) => {
    if (!muted) tell(what);
  };

  /** Who succeeds in another tab is to know that something is waited for here. */
  const stand = () => {
    waits = new AbortController();
    const { signal } = waits;
    const end = fired(signal);
    locks?.request(waitersOf(name), { mode: "shared", signal }, () => end).catch(() => {});
    return signal;
  };

  /** Another tab asks the user. */
  const wait = () => {
    if (waits || muted) return;
    const signal = stand();
    say("awaited");
    const timer = setTimeout(() => say("overdue"), patience);
    signal.addEventListener("abort", () => clearTimeout(timer));
  };

  const taken = () => {
    waits?.abort();
    told = true;
    say("taken");
  };

  const acquire = async () => {
    await before;
    if (hurry.signal.aborted) return;
    for (let first = true; ; first = false) {
      if (!first || !(await lock({ ifAvailable: true }))) {
        wait();
        await lock({ signal: over.signal });
      }
      for (let until; !hurry.signal.aborted && (until = away.until()); ) {
        wait();
        await away.change(until - Date.now(), hurry.signal);
      }
      if (!hurry.signal.aborted && waits) await look();
      if (hurry.signal.aborted) return;
      // Who waited for a user to come back has lost it to the tab in which they went on.
      if (!stolen) return taken();
      stolen = false;
    }
  };
  acquire();

  return {
    /** The user goes on in this tab: whoever has the turn loses it. */
    force: () => {
      if (forced || muted) return;
      forced = true;
      hurry.abort();
      away.forget();
      lock({ steal: true }).then(taken);
    },
    /** Nobody listens any more. */
    mute: () => {
      muted = true;
      hurry.abort();
      waits?.abort();
    },
    /** It is over: the next tab's turn. */
    end: () => {
      hurry.abort();
      waits?.abort();
      over.abort();
    },
  };
};
