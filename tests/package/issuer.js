/** An OpenID Provider with passkey endpoints on the stage's network. */

import { Buffer } from "node:buffer";

import { json } from "./stage.js";

export const ISSUER = "https://login.example";
export const OPTIONS = `${ISSUER}/passkey/options`;
export const TOKEN = `${ISSUER}/passkey/token`;

/** An app of one API that steps up by a passkey in its page, with nobody to be asked first. */
export const BY_PASSKEY = {
  apis: ["https://api.example"],
  issuer: ISSUER,
  clientId: "app",
  session: () => ({ accessToken: "low", sub: "alice", scope: "" }),
  passkey: { options: OPTIONS, token: TOKEN },
  methods: /** @type {["passkey"]} */ (["passkey"]),
  gate: /** @type {const} */ (false),
};

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const { publicKey, privateKey } = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
const jwk = { ...(await crypto.subtle.exportKey("jwk", publicKey)), kid: "k1", alg: "ES256", use: "sig" };

/** @param {string | object} part */
const encoded = (part) => Buffer.from(typeof part === "string" ? part : JSON.stringify(part)).toString("base64url");

/** A signed ID token; a claim that is undefined is left out. @param {object} [claims] @param {object} [header] */
export const idToken = async (claims = {}, header = {}) => {
  const now = Math.floor(Date.now() / 1000);
  const all = { iss: ISSUER, aud: "app", sub: "alice", iat: now, exp: now + 300, ...claims };
  const text = `${encoded({ alg: "ES256", kid: "k1", ...header })}.${encoded(all)}`;
  const signature = await crypto.subtle.sign(algorithm, privateKey, Buffer.from(text));
  return `${text}.${Buffer.from(signature).toString("base64url")}`;
};

/** The provider's keys, its one key being called so. @param {string} [kid] */
export const keys = (kid = "k1") => json({ keys: [{ ...jwk, kid }] });

/** What a token endpoint answers to a fresh passkey. @param {object} claims @param {object} [more] */
export const tokens = async (claims, more = {}) => {
  const proved = { acr: "AL3", amr: ["hwk", "user"], auth_time: Math.floor(Date.now() / 1000) };
  const id_token = await idToken({ ...proved, ...claims });
  return json({ access_token: "high", token_type: "Bearer", expires_in: 300, id_token, ...more });
};

/** @returns {Record<string, import("./stage.js").Answer>} */
export const provider = () => ({
  [`${ISSUER}/.well-known/openid-configuration`]: () =>
    json({
      issuer: ISSUER,
      authorization_endpoint: `${ISSUER}/authorize`,
      token_endpoint: `${ISSUER}/token`,
      jwks_uri: `${ISSUER}/keys`,
      response_types_supported: ["code"],
      code_challenge_methods_supported: ["S256"],
    }),
  [`${ISSUER}/keys`]: () => keys(),
  [OPTIONS]: () => json({ publicKey: { challenge: "AQID", rpId: "app.example" }, auth_session: "s 1&=" }),
  [TOKEN]: ({ body }) => tokens({ nonce: new URLSearchParams(body).get("nonce") }),
});
