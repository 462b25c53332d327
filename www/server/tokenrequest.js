/**
 * The token request for a code that no redirect brought (draft-ietf-oauth-first-party-apps).
 *
 * It has no `redirect_uri`, which `oidc-provider` wants for every code. Such codes are bound to one
 * that is nowhere, and requests without any get that; so a code of a redirect is still refused
 * without its own.
 * @module
 */
import { readBody, withBody } from "./http.js";

/** What stands in the place of a redirect URI. */
export const NO_REDIRECT = "urn:bank:no-redirect";

/**
 * @param {import("./http.js").Request} req
 * @returns {Promise<import("./http.js").Request>}
 */
export async function completed(req) {
  const body = await readBody(req);
  const form = new URLSearchParams(body.toString("utf8"));
  const bare = form.get("grant_type") === "authorization_code" && !form.has("redirect_uri");
  return withBody(req, bare ? Buffer.concat([body, Buffer.from(`&redirect_uri=${encodeURIComponent(NO_REDIRECT)}`)]) : body);
}
