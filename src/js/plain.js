// @ts-check
/**
 * What the letters of a URL say for certain. Almost every URL is of this kind, and the parser takes more
 * time than all else that is done to a request which is not ours.
 */

import { base } from "./apis.js";

/**
 * A name that no parser changes (URL §3.5): lower case, and its last label no number. Or this machine's. A port that no scheme
 * goes without, and none of the user's name.
 */
const ORIGIN = /^(https?:\/\/(?:(?:[a-z\d-]+\.)*[a-z][a-z\d-]*|127\.0\.0\.1)(?::[1-9]\d{3,4})?)\//;

/** The same with a path without dots at the start of a segment, with nothing to decode, and a plain query. */
const WHOLE = RegExp(`${ORIGIN.source.slice(0, -2)}((?:\\/[\\w~-][\\w.~-]*)*\\/?)(?:\\?[\\w.~=&%+-]*)?$`);

/** A path from the root: two slashes would be a host. */
const ROOTED = /^\/[\w~-]/;

/** The origin of a URL, where its letters say it. @param {string} url */
export const plainOrigin = (url) => ORIGIN.exec(ROOTED.test(url) ? base() : url)?.[1];

/** @typedef {{ origin: string, pathname: string, href: string }} Read */

/** A URL as the parser reads it. @param {any} url @returns {Read} */
export const read = (url) => {
  if (typeof url === "string") {
    const whole = ROOTED.test(url) ? `${plainOrigin(url)}${url}` : url;
    const [href, origin, pathname] = WHOLE.exec(whole) ?? [];
    if (href && origin && pathname) return { origin, pathname, href };
  }
  return new URL(url, base());
};
