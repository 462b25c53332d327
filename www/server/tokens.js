/**
 * What the API asks of an access token, and the challenges it answers with.
 * @module
 */
import { createLocalJWKSet, errors, jwtVerify } from "jose";
import { HttpError, target } from "./http.js";
import { ACCESS_TOKEN_ALG } from "./keys.js";
import { rank } from "./levels.js";
import { ProofError } from "./possession.js";

/**
 * @typedef {object} Access who calls, as the token tells
 * @property {string} id of the token
 * @property {string} user
 * @property {string} client whom the token was given to
 * @property {string[]} scope
 * @property {string | undefined} acr
 * @property {number | undefined} authTime
 * @property {string} token its `jti`
 * @property {unknown} [details] what it is good for in particular (RFC 9396 §9.1)
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
    this.params = params;
  }

  /** @param {"Bearer" | "DPoP"} [scheme] by which the caller has tried */
  header(scheme) {
    return challenge(this.params, scheme);
  }
}

/**
 * A challenge (RFC 6750 §3, RFC 9449 §7.1), every value as a quoted-string.
 * @param {Record<string, string | undefined>} params
 * @param {"Bearer" | "DPoP"} [scheme]
 */
export function challenge(params, scheme = "Bearer") {
  const list = Object.entries({ realm: "bank", ...params, algs: scheme === "DPoP" ? "ES256" : undefined })
    .flatMap(([name, value]) => value === undefined ? [] : [`${name}="${value}"`]);
  return `${scheme} ${list.join(", ")}`;
}

/** RFC 6750 §3.1. @param {string} reason */
export function invalidToken(reason) {
  return new Challenge(401, reason, { error: "invalid_token", error_description: reason });
}

/**
 * @param {import("./hosts.js").Addresses} at
 * @param {{ keys: import("jose").JWK[] }} jwks public keys of the provider
 * @param {import("./revocations.js").Revocations} revocations
 * @param {import("./possession.js").Possession} possession
 */
export function createTokenCheck(at, jwks, revocations, possession) {
  const keys = createLocalJWKSet(jwks);

  /**
   * Who calls, if the token is good for what is needed; otherwise throws the challenge.
   * @param {import("./http.js").Request} req
   * @param {Need} need
   * @returns {Promise<Access>}
   */
  return async function check(req, need) {
    const access = await verify(req);
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

  /** @param {import("./http.js").Request} req */
  async function verify(req) {
    const { authorization: header } = req.headers;
    const [scheme, token, ...rest] = (header ?? "").split(" ");
    const bound = scheme?.toLowerCase() === "dpop";
    // RFC 6750 §3: a request without credentials gets no error code.
    if (header === undefined || !(bound || scheme?.toLowerCase() === "bearer")) throw new Challenge(401, "an access token is needed", {});
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
      const { jkt } = /** @type {{ jkt?: unknown }} */ (payload.cnf ?? {});
      // RFC 9449 §7.2: a bound token is worth nothing as a Bearer token, and the other way round.
      if (bound !== (jkt !== undefined)) throw new errors.JWTInvalid("a token of the other type");
      if (bound) await possession.check(req, at.api + target(req).path, token, jkt);
      const id = String(payload.jti);
      if (!revocations.admits(id)) throw invalidToken("The access token was revoked");
      return {
        id,
        user: String(payload.sub),
        client: String(payload.client_id),
        scope: typeof payload.scope === "string" ? payload.scope.split(" ") : [],
        acr: typeof payload.acr === "string" ? payload.acr : undefined,
        authTime: typeof payload.auth_time === "number" ? payload.auth_time : undefined,
        token: id,
        details: payload.authorization_details,
      };
    } catch (error) {
      if (error instanceof ProofError) throw new Challenge(401, error.message, { error: error.error, error_description: error.message });
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
