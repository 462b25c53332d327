/**
 * `POST /passkey/options`: what the app's page needs to ask for a passkey.
 *
 * The form says what an authorization request would say: who asks, for what, of whom. The challenge
 * is bound to the client, the user and the nonce, so the assertion is good for nothing else.
 * @module
 */
import { resourceServer } from "./clients.js";
import { demandIn } from "./demands.js";
import { createEndpoint, hintedUser, OAuthError } from "./endpoint.js";

/**
 * @param {object} parts
 * @param {import("./hosts.js").Addresses} parts.at
 * @param {import("./options.js").Options} parts.options
 * @param {import("oidc-provider").Provider} parts.provider
 * @param {import("./ceremonies.js").Ceremonies} parts.ceremonies
 */
export function createPasskeyOptions({ at, options, provider, ceremonies }) {
  return createEndpoint({ at, provider }, async (form, client) => {
    const { nonce, resource, authorization_details: about } = form;
    if (nonce === undefined) throw new OAuthError("invalid_request", "the nonce is missing");
    if (resource !== undefined) resourceServer(at, resource);
    demandIn(form, options);
    const user = await hintedUser(form, client, { provider, options });
    const request = await ceremonies.request({ client: client.clientId, user, nonce, about });
    // The name that the draft for first-party apps has for this: the user can go on in a window.
    if (!request) throw new OAuthError("redirect_to_web", "the user has no passkey");
    return request;
  });
}
