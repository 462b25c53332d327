// @ts-check
/**
 * What a tab knows when the user comes back from a redirect: what it awaits, and the response. Both are
 * in sessionStorage, which is of this tab alone. `callback.js` reads and writes the same two items; it
 * imports nothing, so that the code leaves the address bar before anything is fetched.
 */

import { base } from "./apis.js";
import { StepUpError } from "./error.js";

const AWAITED = "stepup:awaited";
const RESPONSE = "stepup:response";

/** @typedef {{ state: string, returnTo: string }} Awaited */

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
    const { state, returnTo } = JSON.parse(read(AWAITED) ?? "{}");
    return state && typeof state === "string" && isPath(returnTo) ? { state, returnTo } : null;
  } catch {
    return null;
  }
};

/**
 * From now on this tab awaits a response. Throws `storage_unavailable`, or `configuration_invalid` for
 * an address that is not a path of this origin.
 * @param {string} state @param {string} returnTo path, query and hash
 */
export const await_ = (state, returnTo) => {
  // The path of `https://app.example//evil.example` is this one, but to go to it means to leave.
  const path = returnTo.startsWith("//") ? `/.${returnTo}` : returnTo;
  if (!isPath(path))
    throw new StepUpError("configuration_invalid", { message: "the way back is not a path of this origin" });
  try {
    sessionStorage.removeItem(RESPONSE);
    sessionStorage.setItem(AWAITED, JSON.stringify({ state, returnTo: path }));
  } catch (cause) {
    throw new StepUpError("storage_unavailable", { cause });
  }
};

/** Whatever comes now, this tab does not await it; a response that was put aside is dropped. */
export const stopAwaiting = () => {
  try {
    sessionStorage.removeItem(AWAITED);
    sessionStorage.removeItem(RESPONSE);
  } catch {
    // Then nothing is there either.
  }
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
