// A sign-in in a window by oidc-client-ts: the challenge, `signinPopup()`, the request once more.

import { UserManager } from "oidc-client-ts";
import { demandOf } from "./challenge.js";
import { settings } from "./window_settings.js";

/** @param {import("./page.js").Given} given @returns {Promise<import("./page.js").App>} */
export async function open({ api, issuer, session, how }) {
  const manager = new UserManager(settings(issuer));
  let token = session.accessToken;
  const { sub } = JSON.parse(atob(session.idToken.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")));
  if (how.ahead) await manager.metadataService.getMetadata();

  /** @param {string} path @param {string} body */
  const call = (path, body) =>
    fetch(api + path, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
      body,
    });

  /** @param {import("./challenge.js").Demand} demand */
  async function stepUp({ acr_values, max_age, scope = "" }) {
    const { profile, access_token } = await manager.signinPopup({
      acr_values,
      max_age: Number(max_age),
      scope: `openid ${session.scope} ${scope}`.trim(),
      resource: api,
      extraQueryParams: { id_token_hint: session.idToken },
    });
    const age = Date.now() / 1000 - (profile.auth_time ?? 0);
    if (profile.sub !== sub) throw new Error("another user");
    if (!acr_values.split(" ").includes(String(profile.acr)) || age > Number(max_age) + 60) throw new Error("not enough");
    return access_token;
  }

  return {
    async send(path, order) {
      const body = JSON.stringify(order);
      const response = await call(path, body);
      const demand = demandOf(response);
      if (!demand) return response;
      token = await stepUp(demand);
      return call(path, body);
    },
  };
}
