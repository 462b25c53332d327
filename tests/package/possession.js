/** Servers that look at proofs (RFC 9449 §4.3), on the stage's network. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";

/**
 * @typedef {{ jti: string, htm: string, htu: string, iat: number, ath?: string, nonce?: string }} Claims
 * @typedef {{ jkt: string, claims: Claims }} Shown
 */

/** @param {string | Buffer} data */
const sha256 = (data) => createHash("sha256").update(data).digest("base64url");

/** @param {string | undefined} part @returns {any} */
const decoded = (part = "") => JSON.parse(Buffer.from(part, "base64url").toString());

/**
 * What the proof of a request shows, its signature and its request being checked.
 * @param {import("./stage.js").Sent} sent
 * @returns {Promise<Shown>}
 */
export const shown = async ({ method, url, headers }) => {
  const parts = (headers.get("dpop") ?? assert.fail(`no proof goes to ${url}`)).split(".");
  assert.equal(parts.length, 3);
  const [header, claims] = parts.slice(0, 2).map(decoded);
  const { jwk, ...rest } = header;
  assert.deepEqual(rest, { typ: "dpop+jwt", alg: "ES256" });
  assert.deepEqual(Object.keys(jwk).sort(), ["crv", "kty", "x", "y"]);
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("jwk", jwk, algorithm, false, ["verify"]);
  const signature = Buffer.from(parts[2] ?? "", "base64url");
  assert.ok(await crypto.subtle.verify(algorithm, key, signature, Buffer.from(parts.slice(0, 2).join("."))));
  assert.deepEqual([claims.htm, claims.htu], [method, url.replace(/[?#].*/s, "")]);
  assert.ok(Math.abs(claims.iat - Date.now() / 1000) < 5);
  const token = /^DPoP (.+)$/.exec(headers.get("authorization") ?? "")?.[1];
  assert.equal(claims.ath, token && sha256(token));
  const { crv, kty, x, y } = jwk;
  return { jkt: sha256(JSON.stringify({ crv, kty, x, y })), claims };
};

/**
 * A server that wants in each proof the nonce that it gave last, and gives a new one with each answer.
 * @param {string} name
 * @param {() => Response} refusal how it asks for a nonce
 */
export const strict = (name, refusal) => {
  /** @type {string | undefined} */
  let given;
  let count = 0;
  /** @param {import("./stage.js").Answer} answer @returns {import("./stage.js").Answer} */
  return (answer) => async (sent, signal) => {
    const { claims } = await shown(sent);
    const fresh = claims.nonce !== undefined && claims.nonce === given;
    const response = fresh ? await answer(sent, signal) : refusal();
    given = `${name}-${(count += 1)}`;
    response.headers.set("dpop-nonce", given);
    return response;
  };
};
