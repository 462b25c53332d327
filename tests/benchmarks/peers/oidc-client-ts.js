/** oidc-client-ts: a window; the challenge is the app's to see and to read. */

import { UserManager } from "oidc-client-ts";

/** @param {import("oidc-client-ts").UserManagerSettings} settings */
export const stepUp = (settings) => {
  const users = new UserManager(settings);
  /** @param {string} url @param {RequestInit} [init] */
  const send = async (url, init) => {
    const user = await users.getUser();
    return fetch(url, { ...init, headers: { ...init?.headers, Authorization: `Bearer ${user?.access_token}` } });
  };
  return {
    /** For the page that the window comes back to. */
    callback: () => users.signinPopupCallback(),
    /** @param {string} url @param {RequestInit} [init] */
    fetch: async (url, init) => {
      const response = await send(url, init);
      const demand = response.headers.get("WWW-Authenticate") ?? "";
      if (!demand.includes("insufficient_user_authentication")) return response;
      const maxAge = /max_age="?(\d+)/.exec(demand)?.[1];
      await users.signinPopup({
        acr_values: /acr_values="([^"]*)"/.exec(demand)?.[1],
        max_age: maxAge === undefined ? undefined : Number(maxAge),
      });
      return send(url, init);
    },
  };
};
