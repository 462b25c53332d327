/**
 * Ready adapters: passkey endpoints as they are found elsewhere.
 * @module
 */

import type { BackendPasskey, PasskeyEndpoints } from "./index.js";

/**
 * Endpoints in the manner of SimpleWebAuthn's example server, for `bff.passkey`: the options come
 * bare, the assertion goes bare, and the answer says `{ verified: boolean }`.
 */
export function simpleWebAuthn(endpoints: {
  options: string;
  verify: string;
  /** How options are asked for. Default `"GET"`; `"POST"` sends `{}` as JSON. */
  method?: "GET" | "POST";
}): BackendPasskey;

/**
 * Auth0's passkey grant, for `passkey`. Its ID token carries no nonce, so what says that it is new is
 * the time at which it was issued.
 */
export function auth0(tenant: {
  /** The tenant's custom domain: Auth0 refuses passkeys at its default one. Its `rpId` must be the app's. */
  domain: string;
  /** The database connection. Default: the tenant's own default. */
  realm?: string;
  /** The API's identifier. */
  audience?: string;
}): PasskeyEndpoints;
