/**
 * Who may ask the provider for tokens, and for what.
 * @module
 */
import { ACCESS_TOKEN_ALG, ID_TOKEN_ALG } from "./keys.js";
import { errors } from "./oidc.js";
import { PAYMENT } from "./payments.js";

/** The scopes of the API, which are all it takes to use it. */
export const API_SCOPES = Object.freeze(["accounts:read", "transfers:write", "payees:write", "passkeys:write"]);
/** The single-page app, which can keep no secret. */
export const SPA = "bank-spa";
/** The app's backend-for-frontend, which can. */
export const BFF = "bank-bff";
/** Trades the assertion of a passkey for tokens. */
export const PASSKEY_GRANT = "urn:bank:passkey";

/**
 * Both clients are the bank's own.
 * @param {import("./hosts.js").Addresses} at
 * @param {string} secret of the backend-for-frontend
 * @param {import("./options.js").Options} options
 * @returns {import("oidc-provider").ClientMetadata[]}
 */
export function createClients(at, secret, options) {
  /** @type {Partial<import("oidc-provider").ClientMetadata>} */
  const both = {
    client_name: "Localhost Bank",
    application_type: "web",
    grant_types: ["authorization_code", "refresh_token", PASSKEY_GRANT],
    response_types: ["code"],
    post_logout_redirect_uris: [`${at.app}/`],
    id_token_signed_response_alg: ID_TOKEN_ALG,
  };
  return [
    {
      ...both,
      client_id: SPA,
      token_endpoint_auth_method: "none",
      require_pushed_authorization_requests: options.pushed,
      authorization_details_types: [PAYMENT],
      redirect_uris: [`${at.app}/stepup/callback.html`, `${at.app}/e2e/callback.html`],
    },
    {
      ...both,
      client_id: BFF,
      client_secret: secret,
      token_endpoint_auth_method: "client_secret_basic",
      redirect_uris: [`${at.app}/bff/callback`],
    },
  ];
}

/**
 * The API as a resource (RFC 8707 §2), the only one there is.
 * @param {import("./hosts.js").Addresses} at
 * @param {string} resource
 * @returns {import("oidc-provider").ResourceServer}
 */
export function resourceServer(at, resource) {
  if (resource !== at.api && resource !== `${at.api}/`) throw new errors.InvalidTarget();
  return {
    audience: at.api,
    scope: API_SCOPES.join(" "),
    accessTokenFormat: "jwt",
    jwt: { sign: { alg: ACCESS_TOKEN_ALG } },
  };
}
