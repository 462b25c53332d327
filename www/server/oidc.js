/**
 * `oidc-provider`, loaded for the oldest Node this server runs on.
 *
 * The library asks for Node 22; of what it uses, early releases of 20 lack only `URL.parse`. The tests in `server/test` run on 20, so its warning at import is left out.
 * @module
 */

if (typeof URL.parse !== "function") {
  URL.parse = (url, base) => URL.canParse(url, base) ? new URL(url, base) : null;
}

const { warn } = console;
console.warn = (/** @type {unknown[]} */ ...args) => {
  if (!String(args[0]).includes("Unsupported runtime")) warn.apply(console, args);
};

/** @type {typeof import("oidc-provider")} */
const library = await import("oidc-provider");
console.warn = warn;

export const { Provider, interactionPolicy, errors } = library;

/** The library's own look at a proof (RFC 9449), which it offers to no grant type but its own. */
export const { default: validateDpop, checkDpopReplay } = await import("oidc-provider/lib/helpers/validate_dpop.js");
