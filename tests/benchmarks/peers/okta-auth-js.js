/** okta-auth-js, by its entry without the sign-in widgets: a window; the challenge is the app's to see and to read. */

import { OktaAuth } from "@okta/okta-auth-js/core";

/** @param {import("@okta/okta-auth-js").OktaAuthOptions} options */
export const stepUp = (options) => {
  const okta = new OktaAuth(options);
  /** @param {string} url @param {RequestInit} [init] */
  const send = (url, init) =>
    fetch(url, { ...init, headers: { ...init?.headers, Authorization: `Bearer ${okta.getAccessToken()}` } });
  /** @param {string} url @param {RequestInit} [init] */
  return async (url, init) => {
    const response = await send(url, init);
    const demand = response.headers.get("WWW-Authenticate") ?? "";
    if (!demand.includes("insufficient_user_authentication")) return response;
    const { tokens } = await okta.token.getWithPopup({ acrValues: /acr_values="([^"]*)"/.exec(demand)?.[1], maxAge: 0 });
    okta.tokenManager.setTokens(tokens);
    return send(url, init);
  };
};
