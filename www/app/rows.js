/**
 * What each event of step-up says: who tells whom, and what.
 * @module
 */
import { methods } from "./words.js";

/** The participants, left to right. */
export const ACTORS = Object.freeze(/** @type {const} */ (["You", "App", "API", "Provider"]));

/**
 * @typedef {import("/stepup/index.js").StepUpEvents} Events
 * @typedef {typeof ACTORS[number]} Actor
 */

/**
 * @typedef {object} Row
 * @property {Actor} from
 * @property {Actor} to
 * @property {string} text
 * @property {string} [detail]
 * @property {"ask" | "good" | "bad"} [mood]
 */

/**
 * What is said of a request, by what it is for.
 * @type {Partial<Record<Events["request"]["target"], string>>}
 */
const requests = {
  metadata: "Reads the metadata", token: "Trades the code for tokens", jwks: "Fetches the keys",
  passkey_options: "Asks for passkey options", passkey_token: "Sends the assertion", authorization_challenge: "Asks for a code",
  pushed_authorization: "Pushes what will be asked", resource_metadata: "Reads what the API says of itself",
};

/** @type {{ [K in keyof Events]: (event: Events[K], backend: boolean) => Row }} */
const rows = {
  challenge: ({ status, method, url, requirement }) => ({
    from: "API", to: "App", mood: "ask", text: demand(requirement), detail: `${status} to ${method} ${path(url)}`,
  }),
  prompt: ({ method, shown, reason }) => ({
    from: "App", to: "You",
    text: shown === "button" ? "Asks for a click" : { popup: "Opens the sign-in window", passkey: "Asks for a passkey", redirect: "Leaves for the sign-in page", authenticate: "Asks to sign in" }[method],
    detail: reason,
  }),
  request: ({ target, method, url, status, duration }, backend) => ({
    from: "App", to: backend || target === "api" || target === "resource_metadata" ? "API" : "Provider",
    text: requests[target] ?? `${method} ${path(url)}`,
    detail: `${status || "no answer"} · ${Math.round(duration)} ms`,
    mood: target === "api" || status < 400 ? undefined : "bad",
  }),
  authenticated: ({ acr, amr, scope, verified }, backend) => ({
    from: backend ? "API" : "Provider", to: "App", mood: "good",
    text: [acr, methods(amr)].filter(Boolean).join(" by ") || (backend ? "The session is raised" : "A token"),
    detail: [backend ? "checked by the backend" : verified ? "signature and claims checked" : "not checked", scope.join(" ")].filter(Boolean).join(" · "),
  }),
  retry: ({ method, url }, backend) => ({
    from: "App", to: "API", text: `${method} ${path(url)} again`, detail: backend ? "with the raised session" : "with the new token",
  }),
  settled: ({ outcome, status, code }) => outcome === "error"
    ? { from: "App", to: "You", mood: "bad", text: "Failed", detail: code }
    : { from: "App", to: "You", mood: "good", text: outcome === "assurance" ? "Confirmed" : "Done", detail: status === undefined ? undefined : String(status) },
  diagnostic: ({ code, message }) => ({ from: "App", to: "App", mood: "bad", text: code, detail: message }),
};

/** The names of the events, to listen to. */
export const EVENTS = /** @type {(keyof Events)[]} */ (Object.keys(rows));

/**
 * @template {keyof Events} K
 * @param {K} type
 * @param {Events[K]} event
 * @param {boolean} backend whether the page knows no API, only its own backend in that place
 */
export function rowFor(type, event, backend) {
  return rows[type](event, backend);
}

/** @param {import("/stepup/index.js").Requirement} requirement */
function demand({ acr, acrValues = acr === undefined ? [] : [acr], maxAge, scope }) {
  const scopes = typeof scope === "string" ? scope : scope?.join(" ");
  const parts = [
    acrValues.length > 0 && acrValues.join(" or "),
    maxAge !== undefined && `at most ${maxAge} s old`,
    scopes && `scope ${scopes}`,
  ].filter(Boolean);
  return parts.length > 0 ? `Demands ${parts.join(", ")}` : "Demands a sign-in";
}

/** @param {string} url */
function path(url) {
  return new URL(url, location.href).pathname;
}
