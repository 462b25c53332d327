/**
 * What a client may have of what it asks for, when no page of the provider's is in between.
 * @module
 */
import { API_SCOPES } from "./clients.js";

/**
 * A grant for all that the client knows: it is the bank's own.
 * @param {object} parts
 * @param {import("oidc-provider").Provider} parts.provider
 * @param {import("./endpoint.js").Client} parts.client
 * @param {string} parts.user
 * @param {string} parts.resource
 * @param {string} [parts.scope] as asked for; a sign-in without it
 */
export async function grantFor({ provider, client, user, resource, scope = "openid" }) {
  const asked = new Set(scope.split(" "));
  const oidcScope = asked.has("openid") ? "openid" : "";
  const apiScope = API_SCOPES.filter((one) => asked.has(one)).join(" ");
  const grant = new provider.Grant({ accountId: user, clientId: client.clientId });
  if (oidcScope !== "") grant.addOIDCScope(oidcScope);
  if (apiScope !== "") grant.addResourceScope(resource, apiScope);
  await grant.save();
  return { grant, oidcScope, apiScope };
}
