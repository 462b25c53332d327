// @ts-check
/** The app's APIs in full: exact origin, and path prefix on a segment boundary. */

/**
 * @typedef {import("./index.d.ts").Api} Api
 * @typedef {{ api: Api, origin: string, prefix: string }} Place
 */

/** What relative addresses are relative to. */
export const base = () => globalThis.document?.baseURI ?? globalThis.location?.href;

/** @param {import("./index.d.ts").StepUpOptions} options @returns {Place[]} */
export const placesOf = ({ apis }) =>
  apis.map((entry) => {
    const api = typeof entry === "string" ? { origin: entry } : entry;
    const prefix = (api.pathPrefix ?? "").replace(/^\/?(.*?)\/?$/, "/$1");
    return {
      api,
      origin: new URL(api.origin, base()).origin,
      prefix: prefix === "/" ? "" : prefix,
    };
  });

/** Which of the APIs a URL belongs to, as its index; -1 if to none. @param {Place[]} places @param {URL} url */
export const placeOf = (places, url) =>
  places.findIndex(
    ({ origin, prefix }) => url.origin === origin && `${url.pathname}/`.startsWith(`${prefix}/`),
  );
