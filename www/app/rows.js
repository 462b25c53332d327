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

/** @type {{ [K in keyof Events]: (event: Events[K]) => Row }} */
const rows = {
  challenge: ({ status, method, url, requirement }) => ({
    from: "API", to: "App", mood: "ask", text: demand(requirement), detail: `${status} to ${method} ${path(url)}`,
  }),
  prompt: ({ method, shown, reason }) => ({
    from: "App", to: "You",
    text: shown === "button" ? "Asks for a click" : method === "popup" ? "Opens the sign-in window" : "Asks to sign in",
    detail: reason,
  }),
  request: ({ target, method, url, status, duration }) => ({
    from: "App", to: target === "api" ? "API" : "Provider",
    text: { metadata: "Reads the metadata", token: "Trades the code for tokens", jwks: "Fetches the keys", api: `${method} ${path(url)}` }[target],
    detail: `${status || "no answer"} · ${Math.round(duration)} ms`,
    mood: target === "api" || status < 400 ? undefined : "bad",
  }),
  authenticated: ({ acr, amr, scope, verified }) => ({
    from: "Provider", to: "App", mood: "good",
    text: [acr, methods(amr)].filter(Boolean).join(" by ") || "A token",
    detail: [verified ? "signature and claims checked" : "not checked", scope.join(" ")].filter(Boolean).join(" · "),
  }),
  retry: ({ method, url }) => ({ from: "App", to: "API", text: `${method} ${path(url)} again`, detail: "with the new token" }),
  settled: ({ outcome, status, code }) => outcome === "error"
    ? { from: "App", to: "You", mood: "bad", text: "Failed", detail: code }
    : { from: "App", to: "You", mood: "good", text: "Done", detail: status === undefined ? undefined : String(status) },
  diagnostic: ({ code, message }) => ({ from: "App", to: "App", mood: "bad", text: code, detail: message }),
};

/** The names of the events, to listen to. */
export const EVENTS = /** @type {(keyof Events)[]} */ (Object.keys(rows));

/**
 * @template {keyof Events} K
 * @param {K} type
 * @param {Events[K]} event
 */
export function rowFor(type, event) {
  return rows[type](event);
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
