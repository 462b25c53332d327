/**
 * The ways in which step-up can be set up here: who hands out the options for a passkey and takes its
 * assertion, and whether the page holds tokens at all.
 * @module
 */

/** The four that the page compares, in its order. */
export const COMPARED = Object.freeze(/** @type {const} */ (["endpoints", "carried", "bff", "redirect"]));

/**
 * @typedef {typeof COMPARED[number] | "popup" | "first-party"} Name
 * @typedef {import("/stepup/index.js").StepUpOptions} Options
 */

/**
 * @typedef {object} Arrangement
 * @property {Name} name
 * @property {string} base address of the API as the page calls it
 * @property {string} client who signs out at the provider
 * @property {boolean} passkeys whether this page can use any
 * @property {"popup" | "redirect"} away how the user is sent to the provider's pages
 * @property {boolean} [details] whether exactly one transfer is confirmed; missing where the page has no tokens
 * @property {Options} options
 */

/**
 * A password, a one-time code besides it, a passkey: each is good for what the one before it is good for.
 * The last holds for the minute that the bank wants.
 * @type {NonNullable<Options["levels"]>}
 */
const LEVELS = ["AL1", "AL2", { name: "AL3", maxAge: 60, phishingResistant: true }];

/** The header of the backend's CSRF token. */
export const CSRF_HEADER = "X-CSRF-Token";

/** The CSRF token, which the backend changes: to be read each time. */
export function csrfToken() {
  return /(?:^|;\s*)bank-csrf=([\w-]+)/.exec(document.cookie)?.[1] ?? "";
}

/**
 * The arrangement that the address names: `?arrangement=endpoints` (the default), `carried`, `bff`, or
 * `redirect`, which leaves the page for the provider's. Tests also use `popup`, without passkeys in the
 * page, and `first-party`; `&carried=1` lets `bff` take options from the challenge. `&dpop=1` has tokens
 * bound to a key of the browser, `&par=1` requests pushed, `&details=1` exactly one transfer confirmed.
 * @param {URLSearchParams} query
 * @param {{ api: string, issuer: string }} at
 * @returns {Arrangement}
 */
export function arrangementOf(query, at) {
  const asked = query.get("arrangement");
  const name = [...COMPARED, "popup", "first-party"].includes(asked ?? "") ? /** @type {Name} */ (asked) : "endpoints";
  // A passkey is a site's own: that of a provider elsewhere answers in its window only.
  const inThePage = name !== "popup" && name !== "redirect";
  const passkeys = inThePage && new URL(at.issuer).hostname.endsWith(location.hostname.replace(/^[^.]+/, ""));
  return name === "bff" ? backend(passkeys, query.has("carried")) : openIdConnect(name, passkeys, query, at);
}

/**
 * @param {Name} name
 * @param {boolean} passkeys
 * @param {URLSearchParams} query
 * @param {{ api: string, issuer: string }} at
 * @returns {Arrangement}
 */
function openIdConnect(name, passkeys, query, { api, issuer }) {
  return {
    name,
    base: api,
    client: "bank-spa",
    passkeys,
    away: name === "redirect" ? "redirect" : "popup",
    details: query.has("details"),
    options: {
      dpop: query.has("dpop"),
      par: query.has("par"),
      apis: [{ origin: api, passkeyServer: name === "carried" }],
      issuer,
      clientId: "bank-spa",
      redirectUri: "/stepup/callback.html",
      levels: LEVELS,
      // To look, no more; a challenge names what else is needed when it is needed.
      scope: "openid accounts:read",
      firstSubject: "adopt",
      methods: passkeys ? ["passkey", "popup"] : name === "redirect" ? ["redirect"] : ["popup"],
      ...(passkeys && name === "first-party" ? { firstPartyApps: true } : {}),
      ...(passkeys && name !== "first-party"
        ? { passkey: { options: `${issuer}/passkey/options`, token: `${issuer}/token`, grantType: "urn:bank:passkey" } }
        : {}),
    },
  };
}

/**
 * @param {boolean} passkeys
 * @param {boolean} carried
 * @returns {Arrangement}
 */
function backend(passkeys, carried) {
  return {
    name: "bff",
    base: "/bff/api",
    client: "bank-bff",
    passkeys,
    away: "popup",
    options: {
      apis: [{ origin: "/", pathPrefix: "/bff/api", passkeyServer: carried }],
      redirectUri: "/stepup/callback.html",
      levels: LEVELS,
      methods: passkeys ? ["passkey", "popup"] : ["popup"],
      bff: {
        login: "/bff/login",
        ...(passkeys ? { passkey: { options: "/bff/passkey/options", verify: "/bff/passkey/verify" } } : {}),
        csrf: { header: CSRF_HEADER, token: csrfToken },
      },
    },
  };
}
