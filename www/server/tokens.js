/**
 * What the API asks of an access token, and the challenges it answers with.
 * @module
 */
import { createLocalJWKSet, errors, jwtVerify } from "jose";
import { HttpError } from "./http.js";
import { ACCESS_TOKEN_ALG } from "./keys.js";
import { rank } from "./levels.js";

/**
 * @typedef {object} Access who calls, as the token tells
 * @property {string} id of the token
 * @property {string} user
 * @property {string} client whom the token was given to
 * @property {string[]} scope
 * @property {string | undefined} acr
 * @property {number | undefined} authTime
 */

/**
 * @typedef {object} Need
 * @property {string} scope
 * @property {string} [acr] at least this level
 * @property {number} [maxAge] seconds since the user authenticated
 */

/** An answer that tells the caller how to do better. */
export class Challenge extends HttpError {
  /** @type {Access | undefined} whoever a stronger or fresher authentication is asked of, where that is known */
  of;

  /**
   * @param {number} status
   * @param {string} message
   * @param {Record<string, string | undefined>} params
   */
  constructor(status, message, params) {
    super(status, message, params.error === undefined ? {} : { error: params.error });
    this.header = challenge(params);
  }
}

/**
 * A Bearer challenge (RFC 6750 §3), every value as a quoted-string.
 * @param {Record<string, string | undefined>} params
 */
export function challenge(params) {
  const list = Object.entries({ realm: "bank", ...params })
    .flatMap(([name, value]) => value === undefined ? [] : [`${name}="${value}"`]);
  return `Bearer ${list.join(", ")}`;
}

/** RFC 6750 §3.1. @param {string} reason */
export function invalidToken(reason) {
  return new Challenge(401, reason, { error: "invalid_token", error_description: reason });
}

/**
 * @param {import("./hosts.js").Addresses} at
 * @param {{ keys: import("jose").JWK[] }} jwks public keys of the provider
 * @param {import("./revocations.js").Revocations} revocations
 */
export function createTokenCheck(at, jwks, revocations) {
  const keys = createLocalJWKSet(jwks);

  /**
   * Who calls, if the token is good for what is needed; otherwise throws the challenge.
   * @param {string | undefined} header `Authorization`
   * @param {Need} need
   * @returns {Promise<Access>}
   */
  return async function check(header, need) {
    const access = await verify(header);
    const missing = access.scope.includes(need.scope) ? undefined : need.scope;
    const stale = need.maxAge !== undefined && !(access.authTime !== undefined && now() - access.authTime <= need.maxAge);
    if (rank(access.acr) < rank(need.acr ?? "AL1") || stale) {
      throw Object.assign(insufficient({ ...need, scope: missing }), { of: access });
    }
    // RFC 6750 §3.1: 403, and the scope that would do.
    if (missing !== undefined) {
      throw new Challenge(403, "the token lacks a scope", {
        error: "insufficient_scope", error_description: "The token lacks a scope", scope: missing,
      });
    }
    return access;
  };

  /** @param {string | undefined} header */
  async function verify(header) {
    const [scheme, token, ...rest] = (header ?? "").split(" ");
    // RFC 6750 §3: a request without credentials gets no error code.
    if (header === undefined || scheme?.toLowerCase() !== "bearer") throw new Challenge(401, "an access token is needed", {});
    try {
      if (!token || rest.length > 0) throw new errors.JWTInvalid("not one token");
      // RFC 9068 §4.
      const { payload } = await jwtVerify(token, keys, {
        issuer: at.issuer,
        audience: at.api,
        algorithms: [ACCESS_TOKEN_ALG],
        typ: "at+jwt",
        requiredClaims: ["exp", "sub", "client_id", "jti"],
      });
      const id = String(payload.jti);
      if (!revocations.admits(id)) throw invalidToken("The access token was revoked");
      return {
        id,
        user: String(payload.sub),
        client: String(payload.client_id),
        scope: typeof payload.scope === "string" ? payload.scope.split(" ") : [],
        acr: typeof payload.acr === "string" ? payload.acr : undefined,
        authTime: typeof payload.auth_time === "number" ? payload.auth_time : undefined,
      };
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error;
      const reason = error instanceof errors.JWTExpired ? "The access token expired" : "The access token is not valid";
      throw invalidToken(reason);
    }
  }
}

/**
 * The challenge of RFC 9470 §3. A scope that is missing as well is named, which saves a round.
 * @param {{ acr?: string, maxAge?: number, scope?: string }} need
 */
export function insufficient({ acr, maxAge, scope }) {
  return new Challenge(401, "a stronger or more recent authentication is needed", {
    error: "insufficient_user_authentication",
    error_description: "A stronger or more recent authentication is needed",
    acr_values: acr,
    max_age: maxAge === undefined ? undefined : String(maxAge),
    scope,
  });
}

function now() {
  return Math.floor(Date.now() / 1000);
}
