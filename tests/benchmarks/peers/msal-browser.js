/** msal-browser: a window; the claims challenge of Microsoft Entra is the app's to see and to read. */

import { createStandardPublicClientApplication } from "@azure/msal-browser";

/** @param {import("@azure/msal-browser").Configuration} configuration @param {string[]} scopes */
export const stepUp = async (configuration, scopes) => {
  const application = await createStandardPublicClientApplication(configuration);
  /** @param {string} accessToken @param {string} url @param {RequestInit} [init] */
  const send = (accessToken, url, init) =>
    fetch(url, { ...init, headers: { ...init?.headers, Authorization: `Bearer ${accessToken}` } });
  /** @param {string} url @param {RequestInit} [init] */
  return async (url, init) => {
    const account = application.getActiveAccount() ?? undefined;
    const { accessToken } = await application.acquireTokenSilent({ scopes, account });
    const response = await send(accessToken, url, init);
    const claims = /claims="([^"]*)"/.exec(response.headers.get("WWW-Authenticate") ?? "")?.[1];
    if (!claims) return response;
    const raised = await application.acquireTokenPopup({ scopes, account, claims: atob(claims) });
    return send(raised.accessToken, url, init);
  };
};
