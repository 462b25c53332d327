/**
 * A provider with passkeys, an API that challenges and an authenticator, all of them functions: whoever
 * steps up before the measurement does so in full, with an ID token that is signed and checked.
 */

import { networks } from "./network.js";

export const ISSUER = "https://login.example";
export const CLIENT = "bench";
export const LOW = "the-session-token";
/** About as long as a JWT that is an access token: what is set as a header is of a usual length. */
export const HIGH = `${"h".repeat(36)}.${"p".repeat(600)}.${"s".repeat(86)}`;

const OPTIONS = `${ISSUER}/passkey/options`;
const TOKEN = `${ISSUER}/passkey/token`;

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

const base64url = (/** @type {ArrayBuffer | Uint8Array} */ bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/=+$/, "").replace(/\+/g, "-").replace(/\//g, "_");

const encoded = (/** @type {object} */ part) => base64url(new TextEncoder().encode(JSON.stringify(part)));

const json = (/** @type {object} */ body, status = 200) =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });

/** @type {Promise<CryptoKeyPair> | undefined} */
let pair;
const keys = () => (pair ??= crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]));

/** @param {string | null} [nonce] */
export const idTokenClaims = (nonce) => {
  const now = Math.floor(Date.now() / 1000);
  return {
    iss: ISSUER, aud: CLIENT, sub: "alice", iat: now, exp: now + 36_000, auth_time: now, nonce,
    acr: "AL3", amr: ["hwk", "user"],
  };
};

const idToken = async (/** @type {string | null} */ nonce) => {
  const text = `${encoded({ alg: "ES256", kid: "k1" })}.${encoded(idTokenClaims(nonce))}`;
  const { privateKey } = await keys();
  return `${text}.${base64url(await crypto.subtle.sign(algorithm, privateKey, new TextEncoder().encode(text)))}`;
};

/** What the provider answers, by address. @type {Record<string, (body: string) => Promise<Response>>} */
const answers = {
  [`${ISSUER}/.well-known/openid-configuration`]: async () =>
    json({
      issuer: ISSUER,
      authorization_endpoint: `${ISSUER}/authorize`,
      token_endpoint: `${ISSUER}/token`,
      jwks_uri: `${ISSUER}/keys`,
      response_types_supported: ["code"],
      code_challenge_methods_supported: ["S256"],
    }),
  [`${ISSUER}/keys`]: async () => {
    const { publicKey } = await keys();
    return json({ keys: [{ ...(await crypto.subtle.exportKey("jwk", publicKey)), kid: "k1", alg: "ES256", use: "sig" }] });
  },
  [OPTIONS]: async () => json({ publicKey: { challenge: "AQID", rpId: location.hostname } }),
  [TOKEN]: async (body) =>
    json({
      access_token: numbered ? `${HIGH}.${(issued += 1)}` : HIGH,
      token_type: bound ? "DPoP" : "Bearer",
      expires_in: lifetime,
      id_token: await idToken(new URLSearchParams(body).get("nonce")),
    }),
};

let issued = 0;
let [bound, numbered, lifetime] = [false, false, 36_000];

/**
 * How tokens are from now on: bound to a key, each another one, and how long they live in seconds.
 * @param {{ dpop?: boolean, each?: boolean, expiresIn?: number }} [how]
 */
export const grant = ({ dpop = false, each = false, expiresIn = 36_000 } = {}) => {
  [bound, numbered, lifetime] = [dpop, each, expiresIn];
};

export const challenge = (more = "") =>
  new Response(null, {
    status: 401,
    headers: { "www-authenticate": `Bearer error="insufficient_user_authentication", acr_values="AL3"${more}` },
  });

/** The header as it would be sent. @param {RequestInfo | URL} input @param {RequestInit} [init] @param {string} [name] */
export const headerOf = (input, init, name = "authorization") =>
  new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined)).get(name);

/** The provider and the package's own files, and for all else `api`. @param {typeof fetch} api @returns {typeof fetch} */
export const withProvider = (api) => async (input, init) => {
  const url = input instanceof Request ? input.url : String(input);
  if (/\.wasm$/.test(url)) return networks.loopback(input, init);
  if (!url.startsWith(ISSUER)) return api(input, init);
  const answer = answers[url.replace(/[?#].*/s, "")];
  if (!answer) throw new TypeError(`nobody is at ${url}`);
  return answer(input instanceof Request ? await input.clone().text() : String(init?.body ?? ""));
};

/** How often the user has been asked. */
export const user = { prompts: 0 };

const assertion = {
  id: "AQID",
  rawId: "AQID",
  type: "public-key",
  authenticatorAttachment: "platform",
  clientExtensionResults: {},
  response: { clientDataJSON: "e30", authenticatorData: "AA", signature: "AQ", userHandle: "YWxpY2U" },
};

/** Puts an authenticator into the page that says yes when the user does. @param {() => Promise<unknown>} [yes] */
export const plugIn = (yes = async () => {}) => {
  const put = (/** @type {object} */ into, /** @type {string} */ name, /** @type {unknown} */ value) =>
    Object.defineProperty(into, name, { value, configurable: true, writable: true });
  put(globalThis, "PublicKeyCredential", class {
    static parseRequestOptionsFromJSON = (/** @type {object} */ options) => options;
  });
  put(navigator, "credentials", {
    get: async () => {
      user.prompts += 1;
      await yes();
      return { toJSON: () => assertion };
    },
  });
};

/** How an app configures the SDK for this provider. @type {Omit<import("/stepup/index.js").StepUpOptions, "apis">} */
export const settings = {
  issuer: ISSUER,
  clientId: CLIENT,
  session: () => ({ accessToken: LOW, sub: "alice", scope: "openid" }),
  passkey: { options: OPTIONS, token: TOKEN },
  methods: ["passkey"],
  gate: false,
};
