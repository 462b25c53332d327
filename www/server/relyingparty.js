/**
 * The backend-for-frontend as a client of the provider: what it asks for, and what it believes
 * (OpenID Connect Core §3.1.2.1, §3.1.3.7).
 * @module
 */
import { createHash, randomBytes } from "node:crypto";
import { createLocalJWKSet, errors, jwtVerify } from "jose";
import { call } from "./backchannel.js";
import { BFF, PASSKEY_GRANT } from "./clients.js";
import { HttpError } from "./http.js";
import { ID_TOKEN_ALG } from "./keys.js";

/**
 * @typedef {object} Wanted what the user is to prove, and for what
 * @property {string} scope
 * @property {string} [acr_values]
 * @property {string} [max_age] seconds
 * @property {string} [id_token_hint]
 */

/**
 * @typedef {object} Tokens one answer of the token endpoint
 * @property {string} access
 * @property {string} idToken
 * @property {string | undefined} refresh
 * @property {string[]} scope
 * @property {string} user
 * @property {string | undefined} acr
 * @property {string[]} amr
 * @property {number} authTime seconds since the epoch
 * @property {number} until milliseconds since the epoch
 */

/** What the provider refused, in its own words (RFC 6749 §5.2). */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {{ error: string, error_description?: string }} answer
   */
  constructor(status, answer) {
    super(answer.error_description ?? answer.error);
    this.status = status;
    this.answer = answer;
  }
}

export class RelyingParty {
  #at;
  #authorization;
  /** @type {Promise<ReturnType<typeof createLocalJWKSet>> | undefined} */
  #keys;

  /**
   * @param {import("./hosts.js").Addresses} at
   * @param {string} secret
   */
  constructor(at, secret) {
    this.#at = at;
    this.#authorization = `Basic ${Buffer.from(`${BFF}:${secret}`).toString("base64")}`;
  }

  /**
   * Where to send the user, and what to keep until they are back.
   * @param {Wanted} wanted
   */
  begin(wanted) {
    const [state, nonce, verifier] = [random(), random(), random()];
    const query = new URLSearchParams({
      ...wanted,
      client_id: BFF,
      redirect_uri: this.#redirectUri,
      response_type: "code",
      state,
      nonce,
      code_challenge: createHash("sha256").update(verifier).digest("base64url"),
      code_challenge_method: "S256",
    });
    return { address: `${this.#at.issuer}/auth?${query}`, state, nonce, verifier };
  }

  /**
   * @param {string} code
   * @param {{ nonce: string, verifier: string }} begun
   */
  redeem(code, { nonce, verifier }) {
    return this.#tokens({ grant_type: "authorization_code", code, redirect_uri: this.#redirectUri, code_verifier: verifier }, nonce);
  }

  /**
   * Passkey options for the page, as the provider gives them.
   * @param {Wanted & { nonce: string }} wanted
   */
  passkeyOptions(wanted) {
    return this.#ask("/passkey/options", wanted);
  }

  /**
   * @param {Wanted & { nonce: string, auth_session?: string, credential: string }} proof
   */
  passkey(proof) {
    return this.#tokens({ grant_type: PASSKEY_GRANT, ...proof }, proof.nonce);
  }

  /**
   * The same rights with a longer life.
   * @param {Tokens} tokens
   */
  async refresh({ refresh = "", user }) {
    const fresh = await this.#tokens({ grant_type: "refresh_token", refresh_token: refresh });
    if (fresh.user !== user) throw new Error("a refresh brought another user");
    return { ...fresh, refresh: fresh.refresh ?? refresh };
  }

  get #redirectUri() {
    return `${this.#at.app}/bff/callback`;
  }

  /**
   * @param {Record<string, string>} form
   * @param {string} [nonce]
   * @returns {Promise<Tokens>}
   */
  async #tokens(form, nonce) {
    const answer = await this.#ask("/token", form);
    const { payload } = await this.#verify(String(answer.id_token));
    if (nonce !== undefined && payload.nonce !== nonce) throw new Error("the ID token is another request's");
    return {
      access: String(answer.access_token),
      idToken: String(answer.id_token),
      refresh: typeof answer.refresh_token === "string" ? answer.refresh_token : undefined,
      scope: typeof answer.scope === "string" ? answer.scope.split(" ") : [],
      user: String(payload.sub),
      acr: typeof payload.acr === "string" ? payload.acr : undefined,
      amr: Array.isArray(payload.amr) ? payload.amr.map(String) : [],
      authTime: Number(payload.auth_time),
      until: Date.now() + Number(answer.expires_in) * 1000,
    };
  }

  /**
   * @param {string} path
   * @param {Record<string, string>} form
   * @returns {Promise<Record<string, unknown>>}
   */
  async #ask(path, form) {
    const { status, body } = await call(this.#at.issuer + path, {
      method: "POST",
      headers: { Authorization: this.#authorization, "Content-Type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams(form).toString(),
    });
    const answer = parse(body);
    if (status === 200) return answer;
    if (typeof answer.error !== "string" || status >= 500) throw new HttpError(502, `the provider answered ${status}`);
    throw new Refused(status, /** @type {{ error: string }} */ (answer));
  }

  /** @param {string} idToken */
  async #verify(idToken) {
    const expected = { issuer: this.#at.issuer, audience: BFF, algorithms: [ID_TOKEN_ALG], requiredClaims: ["exp", "sub", "auth_time"] };
    this.#keys ??= this.#readKeys();
    try {
      return await jwtVerify(idToken, await this.#keys, expected);
    } catch (error) {
      this.#keys = undefined;
      // The provider may have new keys: read once more.
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      return jwtVerify(idToken, await this.#readKeys(), expected);
    }
  }

  async #readKeys() {
    const { body } = await call(`${this.#at.issuer}/jwks`);
    return createLocalJWKSet(/** @type {any} */ (parse(body)));
  }
}

function random() {
  return randomBytes(32).toString("base64url");
}

/**
 * @param {Buffer} body
 * @returns {Record<string, unknown>}
 */
function parse(body) {
  try {
    return JSON.parse(body.toString("utf8")) ?? {};
  } catch {
    return {};
  }
}
