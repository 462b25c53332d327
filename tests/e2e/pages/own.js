// The app's own sign-in, by oidc-client-ts, as the SDK's `authenticate`.

/** Loads the library's build for browsers, which defines `oidc`. */
async function library() {
  if (!globalThis.oidc) {
    const script = document.createElement("script");
    script.src = "/e2e/node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js";
    await new Promise((resolve, reject) => {
      script.onload = resolve;
      script.onerror = () => reject(new Error("oidc-client-ts did not load"));
      document.head.append(script);
    });
  }
  return globalThis.oidc;
}

/**
 * The options that hand the authentication over to the app.
 * @param {{ issuer: string }} e2e
 * @param {object[]} calls what `authenticate` was called with
 */
export async function own(e2e, calls) {
  const { OidcClient, WebStorageStateStore } = await library();
  const client = new OidcClient({
    authority: e2e.issuer,
    client_id: "bank-spa",
    redirect_uri: `${location.origin}/e2e/callback.html`,
    stateStore: new WebStorageStateStore({ store: localStorage }),
  });
  return {
    methods: ["popup"],
    async authenticate({ requirement, reason, signal, window: popup }) {
      calls.push({ requirement, reason, hasWindow: Boolean(popup), hasSignal: signal instanceof AbortSignal });
      const request = await client.createSigninRequest({
        acr_values: requirement.acrValues.join(" "),
        max_age: requirement.maxAge,
        scope: requirement.scope.join(" "),
      });
      const answered = new Promise((resolve, reject) => {
        addEventListener("message", ({ data, origin }) => origin === location.origin && data.own && resolve(data.own));
        signal.addEventListener("abort", () => reject(signal.reason));
      });
      popup.location.replace(request.url);
      const response = await client.processSigninResponse(await answered);
      popup.close();
      return {
        accessToken: response.access_token,
        idToken: calls.withoutIdToken ? undefined : response.id_token,
        expiresIn: response.expires_in,
        scope: response.scope,
      };
    },
  };
}
