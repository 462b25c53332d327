/** oauth4webapi with SimpleWebAuthn: a passkey in the page, else a window; the challenge is parsed for the app. */

import { startAuthentication } from "@simplewebauthn/browser";
import * as oauth from "oauth4webapi";

/**
 * @param {{
 *   issuer: URL, clientId: string, redirectUri: string,
 *   passkey: { options: string, token: string }, open: (url: URL) => Promise<URL>,
 * }} app `open` shows a window and gives the address that it came back to
 */
export const stepUp = ({ issuer, clientId, redirectUri, passkey, open }) => {
  const client = { client_id: clientId };
  /** @type {string | undefined} */
  let token;

  const byPasskey = async () => {
    const optionsJSON = await (await fetch(passkey.options, { method: "POST" })).json();
    const assertion = await startAuthentication({ optionsJSON });
    const body = new URLSearchParams({ client_id: clientId, credential: JSON.stringify(assertion) });
    return (await (await fetch(passkey.token, { method: "POST", body })).json()).access_token;
  };

  /** @param {oauth.WWWAuthenticateChallengeParameters} wanted */
  const byWindow = async ({ acr_values, max_age, scope = "openid" }) => {
    const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer));
    const verifier = oauth.generateRandomCodeVerifier();
    const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
    const url = new URL(as.authorization_endpoint ?? "");
    url.search = new URLSearchParams({
      client_id: clientId, redirect_uri: redirectUri, response_type: "code", scope, state, nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
      ...(acr_values && { acr_values }), ...(max_age && { max_age }),
    }).toString();
    const answer = oauth.validateAuthResponse(as, client, await open(url), state);
    const response = await oauth.authorizationCodeGrantRequest(as, client, oauth.None(), answer, redirectUri, verifier);
    const result = await oauth.processAuthorizationCodeResponse(as, client, response, {
      expectedNonce: nonce, requireIdToken: true, ...(max_age && { maxAge: Number(max_age) }),
    });
    await oauth.validateApplicationLevelSignature(as, response);
    return result.access_token;
  };

  /** @param {string} method @param {string} url @param {BodyInit | null} [body] */
  return async (method, url, body) => {
    const send = () => oauth.protectedResourceRequest(token ?? "", method, new URL(url), undefined, /** @type {any} */ (body));
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof oauth.WWWAuthenticateChallengeError)) throw error;
      const demand = error.cause.find(({ parameters }) => parameters.error === "insufficient_user_authentication");
      if (!demand) throw error;
      token = await byPasskey().catch(() => byWindow(demand.parameters));
      return send();
    }
  };
};
