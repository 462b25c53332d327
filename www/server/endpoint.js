/**
 * What the provider's own endpoints share: a form from the app's page or from another server, a
 * client that is who it says, and errors as the token endpoint has them (RFC 6749 §5.2).
 * @module
 */
import { findAccount } from "./accounts.js";
import { cors } from "./cors.js";
import { HttpError, readForm, sendJson } from "./http.js";
import { errors } from "./oidc.js";

/**
 * @typedef {import("oidc-provider").Provider} Provider
 * @typedef {NonNullable<Awaited<ReturnType<Provider["Client"]["find"]>>>} Client
 * @typedef {Partial<Record<string, string>>} Form each parameter once
 */

/** An answer that is an error by its status only, such as the challenge of a first-party app. */
export class OAuthError extends Error {
  /**
   * @param {string} error
   * @param {string} description
   * @param {Record<string, unknown>} [more] further members
   */
  constructor(error, description, more = {}) {
    super(description);
    this.body = { error, error_description: description, ...more };
  }
}

/**
 * @param {{ at: import("./hosts.js").Addresses, provider: Provider }} parts
 * @param {(form: Form, client: Client) => Promise<unknown>} answer what a 200 carries
 */
export function createEndpoint({ at, provider }, answer) {
  /**
   * @param {import("./http.js").Request} req
   * @param {import("./http.js").Response} res
   */
  return async function serve(req, res) {
    // No cookie comes along and none is allowed to: what is needed to answer is in the form.
    if (cors(req, res, { origin: at.app, exposeChallenge: false, anyHeader: false })) return;
    try {
      if (req.method !== "POST") {
        res.setHeader("Allow", "POST");
        throw new HttpError(405, "only POST");
      }
      const { origin } = req.headers;
      if (origin !== undefined && origin !== at.app) throw new OAuthError("invalid_request", "this origin may not ask");
      const form = await readForm(req);
      sendJson(res, 200, await answer(form, await authenticate(provider, form, req.headers.authorization)));
    } catch (error) {
      if (error instanceof OAuthError) {
        sendJson(res, 400, error.body);
      } else if (error instanceof errors.OIDCProviderError) {
        sendJson(res, error.statusCode, { error: error.error, error_description: error.error_description });
      } else {
        throw error;
      }
    }
  };
}

/**
 * The client, by its name alone if it can keep no secret (RFC 6749 §2.3.1).
 * @param {Provider} provider
 * @param {Form} form
 * @param {string | undefined} authorization
 */
async function authenticate(provider, form, authorization) {
  const basic = /^basic ([\w+/=-]+)$/i.exec(authorization ?? "")?.[1];
  const [name, secret] = basic === undefined ? [] : Buffer.from(basic, "base64").toString("utf8").split(":").map(formDecoded);
  const client = await provider.Client.find(name ?? form.client_id ?? "");
  const known = client && (form.client_id === undefined || form.client_id === client.clientId)
    && (client.metadata().token_endpoint_auth_method === "none" ? secret === undefined : await client.compareClientSecret(secret ?? ""));
  if (!client || !known) throw new errors.InvalidClientAuth("the client is not who it says");
  return client;
}

/** @param {string} text */
function formDecoded(text) {
  return new URLSearchParams(`v=${text}`).get("v") ?? "";
}

/**
 * The user that a request names, who is then the only one who may answer it.
 * @param {Form} form
 * @param {Client} client
 * @param {{ provider: Provider, options: import("./options.js").Options }} parts
 */
export async function hintedUser({ id_token_hint, login_hint }, client, { provider, options }) {
  if (options.hints === "ignore") return undefined;
  if (id_token_hint === undefined) return login_hint === undefined ? undefined : findAccount(login_hint)?.id ?? login_hint;
  try {
    const { payload } = await provider.IdToken.validate(id_token_hint, client);
    return String(payload.sub);
  } catch {
    throw new OAuthError("invalid_request", "the id_token_hint is not one of this provider for this client");
  }
}
