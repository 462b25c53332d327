/**
 * The virtual hosts of the one port, and their addresses.
 * @module
 */

/**
 * @typedef {object} Addresses
 * @property {number} port
 * @property {string} app origin of the single-page app
 * @property {string} api origin of the API, which is also its resource indicator
 * @property {string} issuer origin of the provider, which is also its issuer identifier
 * @property {string} rpId relying party id of its passkeys
 */

/** @typedef {"app" | "api" | "auth" | "control"} Role */

/**
 * @param {number} port
 * @param {string} provider host name of the identity provider
 * @returns {Addresses}
 */
export function addresses(port, provider) {
  return {
    port,
    app: `http://app.bank.localhost:${port}`,
    api: `http://api.bank.localhost:${port}`,
    issuer: `http://${provider}:${port}`,
    // The registrable parent, so that at home the same passkey would also serve the app's pages.
    rpId: provider.replace(/^auth\./, ""),
  };
}

/**
 * Which part of the server a `Host` header asks for, port included: a name that merely resolves to
 * this machine gets nothing.
 * @param {string | undefined} host
 * @param {Addresses} at
 * @returns {Role | undefined}
 */
export function roleOf(host, at) {
  switch (host?.toLowerCase()) {
    case new URL(at.app).host: return "app";
    case new URL(at.api).host: return "api";
    case new URL(at.issuer).host: return "auth";
    case `control.localhost:${at.port}`: return "control";
    default: return undefined;
  }
}
