/** auth0-spa-js: a window, and its own fetcher; the challenge is the app's to see and to read. */

import { Auth0Client } from "@auth0/auth0-spa-js";

/** @param {import("@auth0/auth0-spa-js").Auth0ClientOptions} options */
export const stepUp = (options) => {
  const client = new Auth0Client(options);
  const api = client.createFetcher();
  /** @param {string} url @param {RequestInit} [init] */
  return async (url, init) => {
    const response = await api.fetchWithAuth(url, init);
    const demand = response.headers.get("WWW-Authenticate") ?? "";
    if (!demand.includes("insufficient_user_authentication")) return response;
    const acr_values = /acr_values="([^"]*)"/.exec(demand)?.[1];
    await client.loginWithPopup({ authorizationParams: { acr_values, max_age: 0 } });
    return api.fetchWithAuth(url, init);
  };
};
