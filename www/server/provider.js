/**
 * The OpenID Provider: `oidc-provider`, configured for one first-party app, with and without a
 * backend of its own, and one API.
 * @module
 */
import { randomBytes } from "node:crypto";
import { findAccount } from "./accounts.js";
import { createClients, resourceServer, SPA } from "./clients.js";
import { LEVELS } from "./levels.js";
import { memoryAdapter } from "./memory.js";
import { Provider } from "./oidc.js";
import { errorPage, loggedOutPage, logoutPage } from "./pages.js";
import { PROOF, registerPasskeyGrant } from "./passkeygrant.js";
import { PAYMENT, validatePayment } from "./payments.js";
import { answerFor, canReach, createPolicy } from "./policy.js";
import { Proofs } from "./proofs.js";

/**
 * @param {object} parts
 * @param {import("./hosts.js").Addresses} parts.at
 * @param {import("./options.js").Options} parts.options
 * @param {{ keys: import("jose").JWK[] }} parts.jwks private keys
 * @param {string} parts.secret of the backend-for-frontend
 * @param {import("./passkeys.js").Passkeys} parts.passkeys
 * @param {import("./ceremonies.js").Ceremonies} parts.ceremonies
 */
export function createProvider({ at, options, jwks, secret, passkeys, ceremonies }) {
  const proofs = new Proofs();
  /** @type {import("./policy.js").Assurance} */
  const assurance = {
    options,
    proofs,
    canReach: (user, level) => {
      const account = findAccount(user);
      return account !== undefined && canReach(account, passkeys.of(user).length > 0, level);
    },
  };

  const provider = new Provider(at.issuer, {
    jwks: /** @type {import("oidc-provider").JWKS} */ (jwks),
    clients: createClients(at, secret, options),
    adapter: memoryAdapter(),
    acrValues: [...LEVELS],
    // In every ID token, asked for or not: how else should the app know what it got.
    claims: { openid: ["sub", "acr", "amr", "auth_time"] },
    scopes: ["openid"],
    responseTypes: ["code"],
    clientAuthMethods: ["none", "client_secret_basic"],
    // The page holds the tokens of one client; those of the other never get there.
    clientBasedCORS: (_ctx, origin, client) => origin === at.app && client.clientId === SPA,
    discovery: {
      authorization_challenge_endpoint: `${at.issuer}/authorize-challenge`,
      ...(options.pushed ? { require_pushed_authorization_requests: true } : {}),
    },
    cookies: { keys: [randomBytes(32).toString("base64url")] },
    extraTokenClaims: (ctx) => {
      const { entities } = ctx.oidc;
      const source = /** @type {{ acr?: string, amr?: string[], authTime?: number } | undefined} */ (
        entities.RefreshToken ?? entities.AuthorizationCode ?? entities[PROOF]);
      // RFC 9470 §6: what the API compares with what it demands.
      return source && { acr: source.acr, amr: source.amr, auth_time: source.authTime };
    },
    features: {
      claimsParameter: { enabled: true },
      devInteractions: { enabled: false },
      dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => options.nonces },
      userinfo: { enabled: false },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => logoutPage(ctx.res, at, form, (body) => { ctx.body = body; }),
        postLogoutSuccessSource: (ctx) => loggedOutPage(ctx.res, at, (body) => { ctx.body = body; }),
      },
      richAuthorizationRequests: {
        enabled: true,
        types: { [PAYMENT]: { validate: (_ctx, detail) => validatePayment(detail) } },
        authorizationDetailsForGrantSource: (ctx) => JSON.parse(String(ctx.oidc.params?.authorization_details)),
        // What was confirmed once is not in a token that a refresh brings.
        authorizationDetailsForAccessToken: (_ctx, _token, source, grantType) => grantType === "authorization_code" ? source?.rar : undefined,
        authorizationDetailsForIntrospection: () => undefined,
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => at.api,
        useGrantedResource: () => true,
        getResourceServerInfo: (_ctx, resource) => resourceServer(at, resource),
      },
    },
    findAccount: (_ctx, id) => {
      const account = findAccount(id);
      return account && { accountId: account.id, claims: () => ({ sub: account.id }) };
    },
    interactions: {
      policy: createPolicy(assurance),
      url: (_ctx, { uid }) => `/interaction/${uid}`,
    },
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed("refresh_token"),
    loadExistingGrant: grantEverythingAskedFor,
    renderError: (ctx, out) => { ctx.body = errorPage(ctx.res, at, out.error_description ?? out.error); },
    ttl: {
      AccessToken: () => options.accessTokenTtl,
      AuthorizationCode: 60,
      Grant: 14 * 24 * 3600,
      IdToken: 3600,
      Interaction: 3600,
      RefreshToken: 24 * 3600,
      Session: 14 * 24 * 3600,
    },
  });

  registerPasskeyGrant({ at, options, provider, ceremonies });

  // After an interaction the session is the right one for the first time: what was proved goes there.
  provider.on("interaction.ended", (ctx) => {
    const { session, result } = ctx.oidc;
    const made = /** @type {import("./levels.js").Proof[] | undefined} */ (result?.proofs);
    if (session?.accountId && made) proofs.add(session.uid, session.accountId, made);
  });
  // One session, many answers: each tells of the proof that satisfies its own request.
  provider.on("authorization.accepted", (ctx) => {
    const { session } = ctx.oidc;
    const found = answerFor(ctx, assurance);
    if (!session?.accountId || !found) throw new Error("accepted without a proof");
    session.loginAccount({ accountId: session.accountId, loginTs: found.at, acr: found.acr, amr: found.amr });
  });
  provider.on("end_session.success", (ctx) => {
    if (ctx.oidc.session) proofs.forget(ctx.oidc.session.uid);
  });
  provider.on("server_error", (_ctx, error) => console.error(error));

  return { provider, assurance };
}

/**
 * A grant for all that is asked for: the app is the bank's own.
 * @param {import("oidc-provider").KoaContextWithOIDC} ctx
 */
async function grantEverythingAskedFor(ctx) {
  const { client, session, provider, resourceServers = {}, requestParamScopes } = ctx.oidc;
  if (!client || !session?.accountId) return undefined;
  const id = session.grantIdFor(client.clientId);
  const found = id ? await provider.Grant.find(id) : undefined;
  const grant = found?.accountId === session.accountId
    ? found
    : new provider.Grant({ accountId: session.accountId, clientId: client.clientId });
  grant.addOIDCScope([...ctx.oidc.requestParamOIDCScopes].join(" "));
  for (const [indicator, server] of Object.entries(resourceServers)) {
    const scopes = [...requestParamScopes].filter((scope) => server.scopes.has(scope));
    if (scopes.length > 0) grant.addResourceScope(indicator, scopes.join(" "));
  }
  await grant.save();
  return grant;
}
