/** keycloak-js: leaves the page, and has no window; the challenge is the app's to see and to read. */

import Keycloak from "keycloak-js";

/** @param {import("keycloak-js").KeycloakConfig} config */
export const stepUp = async (config) => {
  const keycloak = new Keycloak(config);
  await keycloak.init({ onLoad: "check-sso", pkceMethod: "S256" });
  /** @param {string} url @param {RequestInit} [init] */
  return async (url, init) => {
    await keycloak.updateToken(5);
    const response = await fetch(url, {
      ...init,
      headers: { ...init?.headers, Authorization: `Bearer ${keycloak.token}` },
    });
    const demand = response.headers.get("WWW-Authenticate") ?? "";
    const acr = /acr_values="([^"]*)"/.exec(demand)?.[1];
    // What was about to be sent is lost with the page.
    if (acr) await keycloak.login({ acr: { values: acr.split(" "), essential: true } });
    return response;
  };
};
