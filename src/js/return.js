// @ts-check
/**
 * What a tab knows when the user comes back from a redirect: what it awaits, and the response. Both are
 * in sessionStorage, which is of this tab, though a tab that is duplicated begins with a copy of it.
 * `callback.js` reads and writes the same two items; it imports nothing, so that the code leaves the
 * address bar before anything is fetched.
 */

import { base } from "./apis.js";
import { StepUpError } from "./error.js";

const AWAITED = "stepup:awaited";
const RESPONSE = "stepup:response";
/** The state whose record a page of this tab takes: it stays if that page dies meanwhile. */
const TAKING = "stepup:taking";

/**
 * @typedef {{
 *   state: string, returnTo: string, name?: string, until?: import("./index.d.ts").EpochMillis, without?: number[],
 *   givenUp?: true,
 * }} Awaited `name` is of the app that awaits it; `without` are the requests that were aborted after they
 *   had been saved
 */

/** @param {string} key */
const read = (key) => {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
};

/** A path of this origin: nothing that a browser takes for another origin's address. @param {unknown} path */
const isPath = (path) =>
  typeof path === "string" &&
  /^\/(?![/\\])/.test(path) &&
  new URL(path, location.origin).origin === location.origin;

/** What this tab awaits; null if nothing. @returns {Awaited | null} */
export const awaiting = () => {
  try {
    const awaited = JSON.parse(read(AWAITED) ?? "{}");
    const { state, returnTo } = awaited;
    return state && typeof state === "string" && isPath(returnTo) ? awaited : null;
  } catch {
    return null;
  }
};

/** The address of this page below its origin, letter by letter. */
export const here = () => {
  const url = new URL(location.href);
  url.username = url.password = "";
  return url.href.slice(url.origin.length);
};

/**
 * From now on this tab awaits a response. Throws `storage_unavailable`, or `configuration_invalid` for
 * an address that is not a path of this origin.
 * @param {string} state @param {string} returnTo path, query and hash @param {Partial<Awaited>} [more]
 */
export const await_ = (state, returnTo, more) => {
  // The path of `https://app.example//evil.example` is this one, but to go to it means to leave.
  const path = returnTo.startsWith("//") ? `/.${returnTo}` : returnTo;
  if (!isPath(path))
    throw new StepUpError("configuration_invalid", { message: "the way back is not a path of this origin" });
  try {
    sessionStorage.removeItem(RESPONSE);
    sessionStorage.setItem(AWAITED, JSON.stringify({ ...more, state, returnTo: path }));
  } catch (cause) {
    throw new StepUpError("storage_unavailable", { cause });
  }
};

/** Whatever comes now, this tab does not await it; a response that was put aside is dropped. */
export const stopAwaiting = () => {
  try {
    for (const key of [AWAITED, RESPONSE, TAKING]) sessionStorage.removeItem(key);
  } catch {
    // Then nothing is there either.
  }
};

/** @param {string} state @param {(awaited: Awaited) => Partial<Awaited>} change */
const amend = (state, change) => {
  const awaited = awaiting();
  if (awaited?.state !== state) return;
  try {
    sessionStorage.setItem(AWAITED, JSON.stringify({ ...awaited, ...change(awaited) }));
  } catch {
    // It was longer before by a few bytes only. What must not be sent is not: nothing is.
    stopAwaiting();
  }
};

/** One of the requests that were saved is not to be sent: it was aborted. @param {string} state @param {number} at */
export const awaitWithout = (state, at) =>
  amend(state, ({ without = [] }) => ({ without: [...without, at] }));

/** Who comes back finds nothing, also where a storage that refuses still has it. @param {string} state */
export const giveUp = (state) => amend(state, () => ({ givenUp: true }));

/** This page takes what is awaited. Gives whether one before it did, and died. @param {string} state */
export const taking = (state) => {
  const died = read(TAKING) === state;
  try {
    sessionStorage.setItem(TAKING, state);
  } catch {
    // Then the next page does not learn of it.
  }
  return died;
};

/**
 * The response: put aside by `callback.js`, or in this page's own URL if that is the redirect URI. It
 * stays until `stopAwaiting()`, so that a reload before the record is taken loses nothing. Null where
 * this tab awaits nothing: then `code` and `state` in a URL are somebody else's.
 * @param {string} [redirectUri] @returns {{ search: string } | null}
 */
export const response = (redirectUri) => {
  const awaited = awaiting();
  if (!awaited) return null;
  const aside = read(RESPONSE);
  if (aside !== null) return { search: aside };
  const { search, origin, pathname } = location;
  const own = redirectUri === undefined ? undefined : new URL(redirectUri, base());
  if (own?.origin !== origin || own.pathname !== pathname) return null;
  const query = new URLSearchParams(search);
  const state = query.get("stepup_state") ?? query.get("state");
  if (state === awaited.state) {
    history.replaceState(history.state, "", own.pathname + own.search);
    try {
      sessionStorage.setItem(RESPONSE, search);
    } catch {
      // Then a reload has lost it.
    }
    return { search };
  }
  // No answer to what is awaited. Whose it is nobody knows, so it stays where it is.
  return state !== null || query.has("code") || query.has("error") ? { search } : null;
};
