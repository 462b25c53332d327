/**
 * The provider's signing keys, new at each start.
 * @module
 */
import { randomUUID } from "node:crypto";
import { exportJWK, generateKeyPair } from "jose";

/** ID tokens are signed with RS256, which every relying party must know (OpenID Connect Core §15.1). */
export const ID_TOKEN_ALG = "RS256";
/** Access tokens are read by one API only, which knows ES256. */
export const ACCESS_TOKEN_ALG = "ES256";

/** @returns {Promise<{ secret: { keys: import("jose").JWK[] }, open: { keys: import("jose").JWK[] } }>} */
export async function generateKeys() {
  /** @type {import("jose").JWK[]} */
  const secret = [];
  /** @type {import("jose").JWK[]} */
  const open = [];
  for (const alg of [ID_TOKEN_ALG, ACCESS_TOKEN_ALG]) {
    const pair = await generateKeyPair(alg, { extractable: true });
    const more = { kid: randomUUID(), alg, use: "sig" };
    secret.push({ ...(await exportJWK(pair.privateKey)), ...more });
    open.push({ ...(await exportJWK(pair.publicKey)), ...more });
  }
  return { secret: { keys: secret }, open: { keys: open } };
}
