// @ts-check
/** Ready adapters: passkey endpoints as they are found elsewhere. */

import { StepUpError } from "./error.js";

/** @type {typeof import("./adapters.d.ts").simpleWebAuthn} */
export const simpleWebAuthn = ({ options, verify, method = "GET" }) => ({
  options,
  verify,
  adapter: {
    optionsRequest: () => ({ method, body: method === "GET" ? undefined : {} }),
    tokenRequest: ({ credential }) => ({ body: /** @type {object} */ (credential) }),
    tokenResponse: (json) => {
      if (!json?.verified) throw new StepUpError("token_refused", { message: "not verified" });
      return json;
    },
  },
});

/** @type {typeof import("./adapters.d.ts").auth0} */
export const auth0 = ({ domain, realm, audience }) => ({
  options: `https://${domain}/passkey/challenge`,
  token: `https://${domain}/oauth/token`,
  nonce: false,
  adapter: {
    optionsRequest: ({ client_id }) => ({ body: { client_id, realm } }),
    optionsResponse: (json) => ({
      ...json,
      publicKey: json?.authn_params_public_key,
    }),
    tokenRequest: ({ client_id, scope, auth_session, credential }) => ({
      body: {
        grant_type: "urn:okta:params:oauth:grant-type:webauthn",
        client_id,
        realm,
        audience,
        scope,
        auth_session,
        authn_response: credential,
      },
    }),
  },
});
