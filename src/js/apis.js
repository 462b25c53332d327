// @ts-check
/** The app's APIs in full: exact origin, and path prefix on a segment boundary. */

import { StepUpError } from "./error.js";

/**
 * @typedef {import("./index.d.ts").Api} Api
 * @typedef {{ api: Api, origin: string, prefix: string }} Place
 */

/** What relative addresses are relative to. */
export const base = () => globalThis.document?.baseURI ?? globalThis.location?.href;

/** @param {import("./index.d.ts").StepUpOptions} options @returns {Place[]} */
export const placesOf = ({ apis }) => {
  try {
    return apis.map((entry) => {
      const api = typeof entry === "string" ? { origin: entry } : entry;
      const prefix = (api.pathPrefix ?? "").replace(/^\/?(.*?)\/?$/, "/$1");
      const { origin, href } = new URL(api.origin, base());
      // A path that was ignored would let a token go to more than was meant.
      if (href !== `${origin}/`) throw new TypeError(`${href} is no origin; use pathPrefix`);
      return { api, origin, prefix: prefix === "/" ? "" : prefix };
    });
  } catch (cause) {
    throw new StepUpError("configuration_invalid", { message: "apis", cause });
  }
};

/**
 * A `..` that the browser leaves in a path and that a server may follow all the same: beside a slash that
 * is encoded, or with a parameter.
 */
const CLIMBS = /(\/|%2f|%5c)(\.|%2e){2}(;|\/|%2f|%5c|$)/i;

/** Which of the APIs a URL belongs to, as its index; -1 if to none. @param {Place[]} places @param {{ origin: string, pathname: string }} url */
export const placeOf = (places, { origin: of, pathname }) =>
  places.findIndex(
    ({ origin, prefix }) =>
      of === origin &&
      `${pathname}/`.startsWith(`${prefix}/`) &&
      !(prefix && CLIMBS.test(pathname)),
  );
