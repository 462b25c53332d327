/**
 * A caller's key, and the proofs that it is held (RFC 9449 §4.2).
 * @module
 */
import { createHash, randomUUID } from "node:crypto";
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from "jose";

export class Prover {
  /**
   * @param {import("jose").CryptoKey} key
   * @param {import("jose").JWK} jwk
   * @param {string} thumbprint
   */
  constructor(key, jwk, thumbprint) {
    this.key = key;
    this.jwk = jwk;
    this.thumbprint = thumbprint;
  }

  static async make() {
    const { privateKey, publicKey } = await generateKeyPair("ES256");
    const jwk = await exportJWK(publicKey);
    return new Prover(privateKey, jwk, await calculateJwkThumbprint(jwk));
  }

  /**
   * @param {string} htm
   * @param {string} htu
   * @param {string} [token] that goes along
   * @param {Record<string, unknown>} [more] claims to be added or changed
   */
  proof(htm, htu, token, more = {}) {
    const ath = token && createHash("sha256").update(token).digest("base64url");
    const claims = { jti: randomUUID(), htm, htu, iat: Math.floor(Date.now() / 1000), ...(ath ? { ath } : {}), ...more };
    return new SignJWT(claims).setProtectedHeader({ typ: "dpop+jwt", alg: "ES256", jwk: this.jwk }).sign(this.key);
  }
}
