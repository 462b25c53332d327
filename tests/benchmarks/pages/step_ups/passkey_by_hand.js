// A passkey in the page by oauth4webapi and SimpleWebAuthn: the challenge, the options, the assertion, its
// trade for tokens, the check of the ID token, the request once more.

import * as oauth from "oauth4webapi";
import { startAuthentication } from "@simplewebauthn/browser";

const client = { client_id: "bank-spa" };
/** The bank of the tests is on this very machine. */
const settings = { [oauth.allowInsecureRequests]: true };

/** @param {import("./page.js").Given} given @returns {Promise<import("./page.js").App>} */
export async function open({ api, issuer, session, how }) {
  let token = session.accessToken;
  const { sub } = JSON.parse(atob(session.idToken.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")));

  /** @type {Promise<oauth.AuthorizationServer> | undefined} */
  let discovery;
  /** The provider's metadata, read once. */
  const discover = () =>
    (discovery ??= oauth
      .discoveryRequest(new URL(issuer), settings)
      .then((response) => oauth.processDiscoveryResponse(new URL(issuer), response)));
  if (how.ahead) await discover();

  /** @param {string} path @param {string} body */
  const call = (path, body) =>
    oauth.protectedResourceRequest(
      token, "POST", new URL(path, api), new Headers({ "Content-Type": "application/json" }), body, settings,
    );

  /** @param {Record<string, string>} asked @param {Response} response */
  async function options(asked, response) {
    if (how.carried) return (await response.json()).passkey;
    const form = new URLSearchParams({ ...asked, id_token_hint: session.idToken });
    const answer = await fetch(`${issuer}/passkey/options`, { method: "POST", body: form });
    if (!answer.ok) throw new Error(`no options: ${answer.status}`);
    return answer.json();
  }

  /** @param {oauth.WWWAuthenticateChallengeParameters} demand @param {Response} challenge */
  async function stepUp({ acr_values = "", max_age = "", scope = "" }, challenge) {
    const known = discover();
    const asked = {
      client_id: client.client_id,
      nonce: oauth.generateRandomNonce(),
      scope: `openid ${session.scope} ${scope}`.trim(),
      acr_values,
      max_age,
      resource: api,
    };
    const { publicKey, auth_session } = await options(asked, challenge);
    const credential = await startAuthentication({ optionsJSON: publicKey });
    const as = await known;
    const { client_id: _, ...parameters } = { ...asked, auth_session, credential: JSON.stringify(credential) };
    const response = await oauth.genericTokenEndpointRequest(
      as, client, oauth.None(), "urn:bank:passkey", parameters, settings,
    );
    const result = await oauth.processGenericTokenEndpointResponse(as, client, response);
    await oauth.validateApplicationLevelSignature(as, response, settings);
    const claims = oauth.getValidatedIdTokenClaims(result);
    if (claims?.nonce !== asked.nonce || claims.sub !== sub) throw new Error("another answer, or another user");
    const age = Date.now() / 1000 - (claims.auth_time ?? 0);
    if (!acr_values.split(" ").includes(String(claims.acr)) || age > Number(max_age) + 60) throw new Error("not enough");
    return result.access_token;
  }

  return {
    async send(path, order) {
      const body = JSON.stringify(order);
      try {
        return await call(path, body);
      } catch (error) {
        if (!(error instanceof oauth.WWWAuthenticateChallengeError)) throw error;
        const challenge = error.cause.find(
          ({ scheme, parameters }) => scheme === "bearer" && parameters.error === "insufficient_user_authentication",
        );
        if (!challenge) throw error;
        token = await stepUp(challenge.parameters, error.response);
        return call(path, body);
      }
    },
  };
}
