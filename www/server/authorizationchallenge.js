/**
 * `POST /authorize-challenge`: the authorization challenge endpoint of OAuth 2.0 for First-Party
 * Applications (draft-ietf-oauth-first-party-apps), which asks for a passkey and answers with an
 * authorization code.
 *
 * The draft advises against it in browsers (§9.8). It is here to be tried, beside ways that it does
 * not advise against.
 * @module
 */
import { Refusal } from "./ceremonies.js";
import { resourceServer } from "./clients.js";
import { demandIn } from "./demands.js";
import { createEndpoint, hintedUser, OAuthError } from "./endpoint.js";
import { grantFor } from "./grants.js";
import { tell } from "./passkeygrant.js";
import { paymentsIn } from "./payments.js";
import { NO_REDIRECT } from "./tokenrequest.js";

/** Requests remembered at once; the oldest goes first. */
const REQUESTS = 1000;
/** What a request is about. Each further one may leave it out, and may not change it. */
const PARAMS = /** @type {const} */ (["response_type", "scope", "nonce", "code_challenge", "code_challenge_method", "acr_values", "max_age", "resource", "authorization_details", "dpop_jkt"]);

/**
 * @typedef {import("./endpoint.js").Form} Form
 * @typedef {import("./endpoint.js").Client} Client
 */

/**
 * @typedef {object} Pending
 * @property {string} client
 * @property {string} [user]
 * @property {Form} params
 * @property {number} until milliseconds since the epoch
 */

/**
 * @param {object} parts
 * @param {import("./hosts.js").Addresses} parts.at
 * @param {import("./options.js").Options} parts.options
 * @param {import("oidc-provider").Provider} parts.provider
 * @param {import("./ceremonies.js").Ceremonies} parts.ceremonies
 */
export function createAuthorizationChallenge({ at, options, provider, ceremonies }) {
  /** @type {Map<string, Pending>} */
  const pending = new Map();

  return createEndpoint({ at, provider }, async (form, client) => {
    const { auth_session: authSession, credential } = form;
    if (authSession === undefined) return ask(await begin(form, client));
    const request = resume(authSession, form, client);
    if (credential === undefined) return ask(request);
    const { nonce, authorization_details: about } = request.params;
    const proof = await ceremonies.prove(parse(credential), { client: client.clientId, nonce, about, authSession })
      .catch((error) => { if (!(error instanceof Refusal)) throw error; });
    // What does not hold has proved nothing: the same is asked for once more.
    return proof ? { authorization_code: await issue(request, client, proof) } : ask(request);
  });

  /**
   * @param {Form} form
   * @param {Client} client
   * @returns {Promise<Pending>}
   */
  async function begin(form, client) {
    if (form.response_type !== "code") throw new OAuthError("unsupported_response_type", "only code");
    if (form.nonce === undefined) throw new OAuthError("invalid_request", "the nonce is missing");
    if (form.code_challenge_method !== "S256" || !/^[\w-]{43}$/.test(form.code_challenge ?? "")) {
      throw new OAuthError("invalid_request", "a code_challenge with S256 is needed");
    }
    if (form.resource !== undefined) resourceServer(at, form.resource);
    demandIn(form, options);
    paymentsIn(form.authorization_details);
    const params = Object.fromEntries(PARAMS.flatMap((name) => form[name] === undefined ? [] : [[name, form[name]]]));
    return { client: client.clientId, user: await hintedUser(form, client, { provider, options }), params, until: 0 };
  }

  /**
   * The request that an `auth_session` stands for, once.
   * @param {string} authSession
   * @param {Form} form
   * @param {Client} client
   */
  function resume(authSession, form, client) {
    const request = pending.get(authSession);
    pending.delete(authSession);
    if (!request || request.client !== client.clientId || Date.now() > request.until) {
      throw new OAuthError("invalid_session", "the auth_session is unknown, used or expired");
    }
    for (const name of PARAMS) {
      if (form[name] !== undefined && form[name] !== request.params[name]) throw new OAuthError("invalid_request", `${name} has changed`);
    }
    return request;
  }

  /**
   * Asks for a passkey, which is an error by its form.
   * @param {Pending} request
   * @returns {Promise<never>}
   */
  async function ask(request) {
    const { client, user, params } = request;
    const ceremony = await ceremonies.request({ client, user, nonce: params.nonce, about: params.authorization_details });
    if (!ceremony) throw new OAuthError("redirect_to_web", "the user has no passkey");
    pending.set(ceremony.auth_session, { ...request, until: Date.now() + options.challengeTtl * 1000 });
    const [oldest] = pending.keys();
    if (pending.size > REQUESTS && oldest !== undefined) pending.delete(oldest);
    throw new OAuthError("insufficient_authorization", "a passkey is needed", ceremony);
  }

  /**
   * A code like that of a redirect, for who asked for it only.
   * @param {Pending} request
   * @param {Client} client
   * @param {{ user: string, level: string, amr: string[] }} proof
   */
  async function issue({ params }, client, { user, ...proof }) {
    const { resource = at.api, nonce, code_challenge: codeChallenge, dpop_jkt: dpopJkt, scope: asked } = params;
    const { grant, oidcScope, apiScope } = await grantFor({ provider, client, user, resource, scope: asked });
    const code = new provider.AuthorizationCode({
      ...tell(demandIn(params, options), proof),
      accountId: user,
      client,
      codeChallenge,
      codeChallengeMethod: "S256",
      dpopJkt,
      grantId: grant.jti,
      gty: "authorization_code",
      nonce,
      rar: paymentsIn(params.authorization_details),
      redirectUri: NO_REDIRECT,
      resource,
      scope: [oidcScope, apiScope].filter(Boolean).join(" "),
    });
    return code.save();
  }
}

/** @param {string} credential */
function parse(credential) {
  try {
    return JSON.parse(credential);
  } catch {
    throw new OAuthError("invalid_request", "the credential is not JSON");
  }
}
