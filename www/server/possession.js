/**
 * Proofs that a caller holds the key of its token (RFC 9449 §4.3, §7), as the API looks at them.
 * @module
 */
import { createHash, randomBytes } from "node:crypto";
import { calculateJwkThumbprint, EmbeddedJWK, errors, jwtVerify } from "jose";

/** How old a proof may be, in seconds. */
const AGE = 60;
/** How long a nonce is good, in seconds. */
const NONCE_TTL = 300;
/** Nonces, and proofs that were seen, remembered at once; the oldest goes first. */
const MOST = 10_000;

/** Why a proof is none, by its error code. */
export class ProofError extends Error {
  /**
   * @param {"invalid_dpop_proof" | "use_dpop_nonce"} error
   * @param {string} message
   */
  constructor(error, message) {
    super(message);
    this.error = error;
  }
}

export class Possession {
  #options;
  /** By `jti`, until when it is remembered. @type {Map<string, number>} */
  #seen = new Map();
  /** Until when each is good. @type {Map<string, number>} */
  #nonces = new Map();

  /** @param {import("./options.js").Options} options */
  constructor(options) {
    this.#options = options;
  }

  /** A new nonce, where nonces are wanted (RFC 9449 §9). */
  nonce() {
    if (!this.#options.nonces) return undefined;
    const nonce = randomBytes(12).toString("base64url");
    remember(this.#nonces, nonce, NONCE_TTL);
    return nonce;
  }

  /**
   * Throws unless the request proves that its sender holds the key which the token is bound to.
   * @param {import("./http.js").Request} req
   * @param {string} url as the caller must have named it
   * @param {string} token
   * @param {unknown} thumbprint of the token's key
   */
  async check(req, url, token, thumbprint) {
    const { dpop } = req.headers;
    if (typeof dpop !== "string") throw new ProofError("invalid_dpop_proof", "there is no proof");
    const { payload, protectedHeader } = await jwtVerify(dpop, EmbeddedJWK, {
      typ: "dpop+jwt", algorithms: ["ES256"], requiredClaims: ["jti", "htm", "htu", "iat", "ath"],
      maxTokenAge: AGE, clockTolerance: 5,
    }).catch((error) => {
      throw error instanceof errors.JOSEError ? new ProofError("invalid_dpop_proof", "the proof does not hold") : error;
    });
    const { jti, htm, htu, ath, nonce } = payload;
    if (htm !== req.method || htu !== url) throw new ProofError("invalid_dpop_proof", "the proof is for another request");
    const digest = createHash("sha256").update(token).digest("base64url");
    if (ath !== digest) throw new ProofError("invalid_dpop_proof", "the proof is for another token");
    const { jwk } = protectedHeader;
    if (!jwk || await calculateJwkThumbprint(jwk) !== thumbprint) throw new ProofError("invalid_dpop_proof", "the token is bound to another key");
    if (this.#options.nonces && !isGood(this.#nonces, nonce)) throw new ProofError("use_dpop_nonce", "the proof has no nonce of this API");
    if (isGood(this.#seen, jti)) throw new ProofError("invalid_dpop_proof", "the proof was used before");
    remember(this.#seen, String(jti), 2 * AGE);
  }
}

/**
 * @param {Map<string, number>} entries
 * @param {string} entry
 * @param {number} seconds
 */
function remember(entries, entry, seconds) {
  entries.set(entry, Date.now() + seconds * 1000);
  const [oldest] = entries.keys();
  if (entries.size > MOST && oldest !== undefined) entries.delete(oldest);
}

/**
 * @param {Map<string, number>} entries
 * @param {unknown} entry
 */
function isGood(entries, entry) {
  return typeof entry === "string" && (entries.get(entry) ?? 0) > Date.now();
}
