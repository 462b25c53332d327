/**
 * The steps at which the SDK asks a server something, and how each ends in its own way. A further step is
 * an honest answer in `bank.js`, one entry here, and what it may say wrongly in `said.test.js`.
 */

import { Bank } from "./bank.js";

/**
 * @typedef {import("../../src/js/index.d.ts").StepUpErrorCode} Code
 * @typedef {{
 *   name: string, path: string, target: string,
 *   at: (bank: Bank) => import("./server.js").Server,
 *   options: (bank: Bank) => Partial<import("../../src/js/index.d.ts").StepUpOptions>,
 *   holds: boolean, most: number, own: Record<string, Code | "done">, rest?: "done",
 * }} Step
 *   `holds`: whether a weaker token can be obtained before, without asking that server for good
 *   `most`: how often it is asked in one step-up, at most
 *   `own`: how it ends where that is not the same for all; `done` if it goes well
 *   `rest`: how everything else ends, where what cannot be read says nothing
 */

/** What comes to the same for all that must be JSON. */
const UNREACHABLE = Object.fromEntries(
  [
    "HTML with an error status", "HTML as if it were the answer", "the answer as HTML", "the answer without a type",
    "the answer with two types that differ", "nothing at all, with success", "an empty body",
    "the answer with a server's error", "the JSON of a proxy that fails", "an answer that has not changed since",
    "null", "a list", "a number", "an object with nothing in it", "members of other types",
  ].map((name) => [name, /** @type {Code} */ ("provider_unreachable")]),
);

const endpoints = (/** @type {Bank} */ { provider: { origin } }) =>
  ({ passkey: { options: `${origin}/passkey/options`, token: `${origin}/passkey/token` } });
const pushed = () => ({ par: true, methods: /** @type {["popup"]} */ (["popup"]) });
const described = (/** @type {Bank} */ bank) => {
  bank.described = true;
  return endpoints(bank);
};
const popup = () => ({ methods: /** @type {["popup"]} */ (["popup"]) });
const firstParty = () => ({ firstPartyApps: true, methods: /** @type {["passkey"]} */ (["passkey"]) });
const backend = (/** @type {Bank} */ { api: { origin } }) => ({
  issuer: undefined,
  bff: { passkey: { options: `${origin}/bff/options`, verify: `${origin}/bff/verify` } },
  methods: /** @type {["passkey"]} */ (["passkey"]),
});

const provider = (/** @type {Bank} */ bank) => bank.provider;
const api = (/** @type {Bank} */ bank) => bank.api;

/** An answer without tokens and without an error is a refusal (RFC 6749 §5.1). */
const NO_TOKEN = /** @type {Record<string, Code>} */ ({ "a list": "token_refused", "an object with nothing in it": "token_refused" });
/** Who says no to a passkey says it by the status. */
const NO_PASSKEY = /** @type {Record<string, Code>} */ ({
  "HTML with an error status": "token_refused",
  "the answer with a server's error": "token_refused",
  "the JSON of a proxy that fails": "token_refused",
  "an answer that has not changed since": "token_refused",
});

/** @type {Step[]} */
export const STEPS = [
  {
    name: "discovery", path: "/.well-known/openid-configuration", target: "metadata",
    at: provider, options: endpoints, holds: false, most: 1,
    own: {
      ...UNREACHABLE,
      null: "metadata_invalid", "a list": "metadata_invalid", "a number": "metadata_invalid",
      "an object with nothing in it": "metadata_invalid", "members of other types": "metadata_invalid",
    },
  },
  { name: "keys", path: "/keys", target: "jwks", at: provider, options: endpoints, holds: false, most: 2, own: { ...UNREACHABLE, "members of other types": "key_unknown" } },
  {
    name: "the token endpoint after a window", path: "/token", target: "token",
    at: provider, options: popup, holds: true, most: 1, own: { ...UNREACHABLE, ...NO_TOKEN },
  },
  {
    name: "the token endpoint after a challenge endpoint", path: "/token", target: "token",
    at: provider, options: firstParty, holds: true, most: 1, own: { ...UNREACHABLE, ...NO_TOKEN },
  },
  {
    name: "passkey options", path: "/passkey/options", target: "passkey_options",
    at: provider, options: endpoints, holds: true, most: 1, own: { ...UNREACHABLE, ...NO_PASSKEY },
  },
  {
    name: "the assertion endpoint", path: "/passkey/token", target: "passkey_token",
    at: provider, options: endpoints, holds: true, most: 1,
    own: { ...UNREACHABLE, ...NO_TOKEN, "the answer with a server's error": "token_refused", "the JSON of a proxy that fails": "token_refused" },
  },
  {
    name: "the challenge endpoint", path: "/challenge", target: "authorization_challenge",
    at: provider, options: firstParty, holds: true, most: 2, own: { ...UNREACHABLE, ...NO_TOKEN },
  },
  {
    name: "the pushed request", path: "/par", target: "pushed_authorization",
    at: provider, options: pushed, holds: true, most: 1,
    own: { ...UNREACHABLE, "a list": "authorization_refused", "an object with nothing in it": "authorization_refused" },
  },
  {
    name: "what the API says of itself", path: "/.well-known/oauth-protected-resource", target: "resource_metadata",
    at: api, options: described, holds: false, most: 1, rest: "done",
    own: {
      "a list": "resource_mismatch", "an object with nothing in it": "resource_mismatch",
      "members of other types": "resource_mismatch",
    },
  },
  {
    name: "a backend's options", path: "/bff/options", target: "passkey_options",
    at: api, options: backend, holds: false, most: 1, own: { ...UNREACHABLE, ...NO_PASSKEY },
  },
  {
    name: "a backend's verdict", path: "/bff/verify", target: "passkey_token",
    at: api, options: backend, holds: false, most: 1,
    own: {
      ...NO_PASSKEY,
      // Any success says that the session is raised. The API knows better.
      ...Object.fromEntries(
        [
          "HTML as if it were the answer", "nothing at all, with success", "an empty body", "null", "a list", "a number",
          "an object with nothing in it",
        ].map((name) => [name, /** @type {Code} */ ("loop_detected")]),
      ),
      "the answer as HTML": "done", "the answer without a type": "done", "the answer with two types that differ": "done",
      "members of other types": "done",
    },
  },
];
