/**
 * The grant type of passkeys: at the token endpoint an assertion is worth what a code would be
 * (RFC 6749 §4.5). It needs no session of the provider's, and begins none.
 * @module
 */
import { PASSKEY_GRANT, resourceServer } from "./clients.js";
import { Refusal } from "./ceremonies.js";
import { demandIn } from "./demands.js";
import { grantFor } from "./grants.js";
import { answer } from "./levels.js";
import { checkDpopReplay, errors, validateDpop } from "./oidc.js";

/**
 * @typedef {object} Params
 * @property {string} [nonce]
 * @property {string} [scope]
 * @property {string} [acr_values]
 * @property {string} [max_age]
 * @property {string} [resource]
 * @property {string} [authorization_details]
 * @property {string} [auth_session]
 * @property {string} [credential]
 */

const PARAMS = ["nonce", "scope", "acr_values", "max_age", "resource", "authorization_details", "auth_session", "credential"];

/** What its tokens tell of the user (RFC 9470 §6), under this name in the context. */
export const PROOF = "PasskeyProof";

/**
 * @param {object} parts
 * @param {import("./hosts.js").Addresses} parts.at
 * @param {import("./options.js").Options} parts.options
 * @param {import("oidc-provider").Provider} parts.provider
 * @param {import("./ceremonies.js").Ceremonies} parts.ceremonies
 */
export function registerPasskeyGrant({ at, options, provider, ceremonies }) {
  provider.registerGrantType(PASSKEY_GRANT, async (/** @type {import("oidc-provider").TokenEndpointGrantContext<Params>} */ ctx) => {
    const { client, params } = ctx.oidc;
    const { nonce, auth_session: authSession, resource = at.api, authorization_details: about } = params;
    if (nonce === undefined) throw new errors.InvalidRequest("the nonce is missing");
    const demand = demandIn(params, options);
    const proof = await validateDpop(provider, ctx);
    const server = new provider.ResourceServer(resource, resourceServer(at, resource));

    const { user, ...proved } = await ceremonies.prove(parse(params.credential), { client: client.clientId, nonce, about, authSession })
      .catch((error) => { throw error instanceof Refusal ? new errors.CustomOIDCProviderError("invalid_grant", error.message) : error; });
    const told = tell(demand, proved);
    ctx.oidc.entity(PROOF, told);
    ctx.oidc.entity("Account", { accountId: user, claims: () => ({ sub: user }) });

    const { grant, oidcScope, apiScope } = await grantFor({ provider, client, user, resource, scope: params.scope });
    const whole = { accountId: user, client, grantId: grant.jti, gty: PASSKEY_GRANT };
    const access = new provider.AccessToken({ ...whole, resourceServer: server, scope: apiScope });
    const scope = [oidcScope, apiScope].filter(Boolean).join(" ");
    const refresh = new provider.RefreshToken({ ...whole, ...told, nonce, resource, scope, rotations: 0 });
    // The library has looked at them.
    const details = about === undefined ? undefined : JSON.parse(about);
    Object.assign(access, { rar: details });
    if (proof) {
      await checkDpopReplay(provider, ctx, proof, client.clientId);
      // A client without a secret has its refresh tokens bound as well (RFC 9449 §5).
      access.setThumbprint("jkt", proof.thumbprint);
      Object.assign(refresh, { jkt: proof.thumbprint });
    }
    const asked = oidcScope.split(" ").includes("openid");
    const idToken = new provider.IdToken({ sub: user, acr: told.acr, amr: told.amr, auth_time: told.authTime }, { ctx });
    Object.assign(idToken, { scope: "openid" });
    idToken.set("nonce", nonce);

    ctx.oidc.entity("AccessToken", access);
    ctx.body = {
      access_token: await access.save(),
      expires_in: access.expiration,
      ...(asked ? { id_token: await idToken.issue({ use: "idtoken" }) } : {}),
      ...(client.grantTypeAllowed("refresh_token") ? { refresh_token: await refresh.save() } : {}),
      scope: apiScope,
      ...(details ? { authorization_details: details } : {}),
      token_type: access.tokenType,
    };
  }, PARAMS);
}

/**
 * What an assertion of this moment tells of its user. One that is not enough for what is asked for
 * is told as what it is: whoever asked must look.
 * @param {import("./levels.js").Demand} demand
 * @param {{ level: string, amr: string[] }} proof
 */
export function tell(demand, { level, amr }) {
  const at = Math.floor(Date.now() / 1000);
  const found = answer(demand, [], [{ level, at, amr }], at);
  return { acr: found?.acr ?? level, amr, authTime: at };
}

/** @param {string | undefined} credential */
function parse(credential) {
  try {
    return JSON.parse(credential ?? "");
  } catch {
    throw new errors.InvalidRequest("the credential is missing, or not JSON");
  }
}
