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

/** Origins whose letters were read before: to find one here takes less time. @type {Set<string>} */
const seen = new Set();

/** An app's requests go to few places. */
const MOST = 100;

/** The origin of a URL, where its letters say it. @param {string} url */
export const plainOrigin = (url) => {
  const whole = url[0] === "/" && ROOTED.test(url) ? (base() ?? "") : url;
  // Behind the two slashes of the scheme: where the path begins.
  const end = whole.indexOf("/", 8);
  const start = end < 0 ? "" : whole.slice(0, end);
  if (seen.has(start)) return start;
  const origin = ORIGIN.exec(whole)?.[1];
  if (origin) {
    if (seen.size === MOST) seen.clear();
    seen.add(origin);
  }
  return origin;
};

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
