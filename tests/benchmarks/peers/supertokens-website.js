/** supertokens-website: its `init` wraps `fetch`; which claim is missing, and how it is got, is the app's to see. */

import SuperTokens from "supertokens-website";

/** @param {string} apiDomain @param {(invalid: unknown[]) => Promise<void>} authenticate shows the second factor */
export const stepUp = (apiDomain, authenticate) => {
  SuperTokens.init({ apiDomain, tokenTransferMethod: "header" });
  /** @param {string} url @param {RequestInit} [init] */
  return async (url, init) => {
    const response = await fetch(url, init);
    if (response.status !== 403) return response;
    const invalid = await SuperTokens.getInvalidClaimsFromResponse({ response: response.clone() });
    if (!invalid?.length) return response;
    await authenticate(invalid);
    return fetch(url, init);
  };
};
