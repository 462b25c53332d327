// What the page and its callback tell oidc-client-ts.

/** @param {string} issuer */
export const settings = (issuer) => ({
  authority: issuer,
  client_id: "bank-spa",
  redirect_uri: `${location.origin}/e2e/callback.html`,
  scope: "openid accounts:read",
  // What was proved and when is to be looked at: by default it is left out of the profile.
  filterProtocolClaims: false,
});
