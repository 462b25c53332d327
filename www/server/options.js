/**
 * What the server can be told, at the start (`--options`) and later (`POST /options` at the control host).
 * @module
 */
import { isAbsolute } from "node:path";

/**
 * @typedef {object} SeededPasskey a passkey the provider knows without a registration ceremony
 * @property {string} user
 * @property {string} credentialId base64url
 * @property {string} publicKey COSE key, base64url
 * @property {number} [counter]
 */

/**
 * @typedef {object} Options
 * @property {string} provider host name of the identity provider; fixed at the start
 * @property {SeededPasskey[]} passkeys
 * @property {{ app?: string, provider?: string }} coop `Cross-Origin-Opener-Policy` of each host
 * @property {boolean} exposeChallenge whether the API lets the page read `WWW-Authenticate` and `DPoP-Nonce`
 * @property {"honour" | "lower" | "refuse"} assurance what the provider does with an acr that is asked for
 * @property {"honour" | "ignore"} hints whether `id_token_hint` binds the sign-in to its user
 * @property {Record<string, string>} mounts path prefix on the app host → absolute folder
 * @property {number} accessTokenTtl seconds
 * @property {import("./passkeys.js").UserVerification} userVerification of passkeys in the app's page: with
 *   `"preferred"` an assertion without it proves less, with `"required"` nothing
 * @property {number} challengeTtl how long a challenge of those may be answered, in seconds
 * @property {boolean} carry whether the API's step-up challenge brings passkey options along
 * @property {boolean} pushed whether the page must push its authorization requests (RFC 9126); fixed at the start
 * @property {boolean} linking whether each transfer takes a token for exactly this one
 * @property {{ resource?: string, authorization_servers?: string[] } | null} describe whether the API's challenges point to
 *   its metadata (RFC 9728), and what that says instead of the truth
 * @property {boolean} nonces whether API and provider want a nonce of theirs in each DPoP proof
 * @property {Record<string, number>} delays milliseconds that a browser's requests wait before they are looked at, by
 *   path, or by `*` for every other path: what a network further away takes
 * @property {number} handshake milliseconds that a browser's connection to the provider takes to be made
 */

/** Where the provider may live: the app's own site, or another one. */
export const PROVIDERS = Object.freeze(["auth.bank.localhost", "auth.idp.localhost"]);

/** @returns {Options} */
export function defaultOptions() {
  return {
    provider: "auth.bank.localhost",
    passkeys: [],
    coop: {},
    exposeChallenge: true,
    assurance: "honour",
    hints: "honour",
    mounts: {},
    accessTokenTtl: 300,
    userVerification: "required",
    challengeTtl: 300,
    carry: false,
    pushed: false,
    linking: false,
    describe: null,
    nonces: false,
    delays: {},
    handshake: 0,
  };
}

/** @type {{ [K in keyof Options]: (value: any) => boolean }} */
const valid = {
  provider: (value) => PROVIDERS.includes(value),
  passkeys: (value) => Array.isArray(value) && value.every(validPasskey),
  coop: (value) => isRecord(value) && Object.entries(value).every(([key, policy]) => /^(app|provider)$/.test(key) && typeof policy === "string"),
  exposeChallenge: (value) => typeof value === "boolean",
  assurance: (value) => ["honour", "lower", "refuse"].includes(value),
  hints: (value) => ["honour", "ignore"].includes(value),
  mounts: (value) => isRecord(value) && Object.entries(value).every(([prefix, folder]) =>
    /^\/[\w-]+(\/[\w-]+)*\/$/.test(prefix) && typeof folder === "string" && isAbsolute(folder)),
  accessTokenTtl: (value) => Number.isInteger(value) && value > 0 && value <= 86_400,
  userVerification: (value) => ["required", "preferred"].includes(value),
  challengeTtl: (value) => Number.isInteger(value) && value > 0 && value <= 86_400,
  carry: (value) => typeof value === "boolean",
  pushed: (value) => typeof value === "boolean",
  describe: (value) => value === null || (isRecord(value) && Object.keys(value).every((key) => /^(resource|authorization_servers)$/.test(key))),
  linking: (value) => typeof value === "boolean",
  nonces: (value) => typeof value === "boolean",
  delays: (value) => isRecord(value) && Object.entries(value).every(([path, delay]) =>
    /^(\*|\/.*)$/.test(path) && Number.isInteger(delay) && delay >= 0 && delay <= 10_000),
  handshake: (value) => Number.isInteger(value) && value >= 0 && value <= 10_000,
};

/**
 * Takes over what `patch` names, or throws a `TypeError` and changes nothing.
 * @param {Options} options
 * @param {unknown} patch
 * @param {{ started?: boolean }} [when] once started, some stay as they are
 */
export function mergeOptions(options, patch, { started = false } = {}) {
  if (!isRecord(patch)) throw new TypeError("options must be a JSON object");
  for (const [name, value] of Object.entries(patch)) {
    if (!Object.hasOwn(valid, name)) throw new TypeError(`unknown option: ${name}`);
    if (!valid[/** @type {keyof Options} */ (name)](value)) throw new TypeError(`option ${name} has a wrong value`);
    const fixed = name === "provider" || name === "pushed";
    if (started && fixed && value !== options[name]) throw new TypeError(`option ${name} is fixed at the start`);
  }
  Object.assign(options, patch);
}

/** @param {any} value */
function validPasskey(value) {
  const base64url = (/** @type {unknown} */ text) => typeof text === "string" && /^[\w-]+$/.test(text);
  return isRecord(value) && typeof value.user === "string" && base64url(value.credentialId)
    && base64url(value.publicKey) && (value.counter === undefined || Number.isInteger(value.counter));
}

/**
 * @param {any} value
 * @returns {value is Record<string, any>}
 */
function isRecord(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
