/**
 * The app's backend-for-frontend, below `/bff/` on the app's host: the page has a cookie and no token,
 * and calls the API through here.
 *
 * A sign-in that fails goes back to `return_to` with the provider's `error` (RFC 6749 §4.1.2.1), or
 * with one of its own: `subject_mismatch` where another user came back than the session's, which
 * then stays as it was, and `server_error` where the answer cannot be used.
 * @module
 */
import { randomBytes } from "node:crypto";
import { findAccount } from "./accounts.js";
import { call } from "./backchannel.js";
import { HttpError, readBody, readJson, sendError, sendJson, target } from "./http.js";
import { Refused, RelyingParty } from "./relyingparty.js";
import { clearCookies, provesItsPage, Sessions, setCookies } from "./sessions.js";
import { challenge } from "./tokens.js";

/**
 * @typedef {import("./http.js").Request} Request
 * @typedef {import("./http.js").Response} Response
 * @typedef {import("./sessions.js").Session} Session
 * @typedef {import("./relyingparty.js").Tokens} Tokens
 */

/** Headers of the page's that the API gets. */
const FORWARDED = ["accept", "content-type", "idempotency-key"];
/** Headers of the API's that the page gets. */
const RETURNED = ["content-type", "www-authenticate", "allow"];
/** What every session may do: to look, no more. A challenge names what else is needed when it is needed. */
const BASE = ["openid", "accounts:read"];
/** How long before its end a token counts as expired, in milliseconds. */
const SPARE = 5000;

/**
 * @param {object} parts
 * @param {import("./hosts.js").Addresses} parts.at
 * @param {string} parts.secret
 */
export function createBff({ at, secret }) {
  const sessions = new Sessions();
  const party = new RelyingParty(at, secret);
  /** @type {WeakMap<Tokens, Promise<Tokens | undefined>>} */
  const renewals = new WeakMap();

  /**
   * @param {Request} req
   * @param {Response} res
   */
  return async function serve(req, res) {
    try {
      res.setHeader("Cache-Control", "no-store");
      await route(req, res);
    } catch (error) {
      if (error instanceof Refused) return sendJson(res, 400, error.answer);
      sendError(res, error);
    }
  };

  /**
   * @param {Request} req
   * @param {Response} res
   */
  async function route(req, res) {
    const { path, query } = target(req);
    const session = sessions.of(req);
    if (req.method !== "GET" && req.method !== "HEAD") {
      const { origin } = req.headers;
      if (!session && path.startsWith("/bff/api/")) return signedOut(res);
      if (session) setCookies(req, res, session);
      if (!session || !provesItsPage(req, session) || (origin !== undefined && origin !== at.app)) {
        if (!req.readableEnded) await readBody(req, 0).catch(() => undefined);
        throw new HttpError(403, "the CSRF token is missing or not the session's", { error: "csrf" });
      }
    }
    if (path.startsWith("/bff/api/")) return session ? forward(req, res, session, req.url?.slice("/bff/api".length) ?? "/") : signedOut(res);
    switch (`${req.method} ${path}`) {
      case "GET /bff/session": return tell(req, res, session ?? sessions.begin());
      case "GET /bff/login": return login(req, res, session ?? sessions.begin(), new URLSearchParams(query));
      case "GET /bff/callback": return comeBack(req, res, session, new URLSearchParams(query));
    }
    // What is left is unsafe, so there is a session.
    if (!session) throw new HttpError(404, "there is nothing here");
    switch (`${req.method} ${path}`) {
      case "POST /bff/passkey/options": return passkeyOptions(req, res, session);
      case "POST /bff/passkey/verify": return passkeyVerify(req, res, session);
      case "POST /bff/logout":
        sessions.end(session);
        clearCookies(res);
        res.writeHead(204).end();
        return;
      default: throw new HttpError(404, "there is nothing here");
    }
  }

  /**
   * Who is signed in. Also where a page gets its first CSRF token.
   * @param {Request} req
   * @param {Response} res
   * @param {Session} session
   */
  function tell(req, res, session) {
    setCookies(req, res, session);
    if (session.user === undefined) return signedOut(res);
    sendJson(res, 200, { user: session.user, name: findAccount(session.user)?.name, scope: session.scope.join(" ") });
  }

  /**
   * Sends the user to the provider.
   * @param {Request} req
   * @param {Response} res
   * @param {Session} session
   * @param {URLSearchParams} query
   */
  function login(req, res, session, query) {
    const returnTo = ownPath(query.get("return_to") ?? "/", at.app);
    const { address, state, nonce, verifier } = party.begin(wanted(session, {
      scope: query.get("scope") ?? undefined,
      acr_values: query.get("acr_values") ?? undefined,
      max_age: query.get("max_age") ?? undefined,
    }));
    session.leave(state, { nonce, verifier, returnTo });
    setCookies(req, res, session);
    redirect(res, address);
  }

  /**
   * The user is back from the provider, with a code or an error.
   * @param {Request} req
   * @param {Response} res
   * @param {Session | undefined} session
   * @param {URLSearchParams} query
   */
  async function comeBack(req, res, session, query) {
    const begun = session?.comeBack(query.get("state") ?? "");
    // Nobody here has begun this (RFC 6749 §10.12), or it is another provider's (RFC 9207 §2.4).
    if (!session || !begun || query.get("iss") !== at.issuer) throw new HttpError(400, "this sign-in is not one of this browser's");
    const error = query.get("error") ?? await finish(session, query.get("code") ?? "", begun);
    setCookies(req, res, session);
    const back = new URL(begun.returnTo, at.app);
    if (error !== undefined) back.searchParams.append("error", /^[\w.-]{1,64}$/.test(error) ? error : "server_error");
    redirect(res, back.pathname + back.search + back.hash);
  }

  /**
   * Raises the session by a code. Returns the error if it does not.
   * @param {Session} session
   * @param {string} code
   * @param {import("./sessions.js").Login} begun
   */
  async function finish(session, code, begun) {
    try {
      return raise(session, await party.redeem(code, begun));
    } catch (error) {
      if (!(error instanceof Refused)) console.error(error);
      return "server_error";
    }
  }

  /**
   * @param {Session} session
   * @param {Tokens} tokens
   * @returns {string | undefined} why not
   */
  function raise(session, tokens) {
    // Signed out meanwhile.
    if (!sessions.has(session)) return "access_denied";
    if (session.user !== undefined && session.user !== tokens.user) return "subject_mismatch";
    sessions.raise(session, tokens);
    return undefined;
  }

  /**
   * @param {Request} req
   * @param {Response} res
   * @param {Session} session
   */
  async function passkeyOptions(req, res, session) {
    const nonce = randomBytes(32).toString("base64url");
    const options = await party.passkeyOptions({ ...wanted(session, demanded(await readJson(req))), nonce });
    session.ask(String(options.auth_session), nonce);
    sendJson(res, 200, options);
  }

  /**
   * @param {Request} req
   * @param {Response} res
   * @param {Session} session
   */
  async function passkeyVerify(req, res, session) {
    const body = await readJson(req);
    const { auth_session: authSession = "", credential } = body;
    if (typeof authSession !== "string") throw new HttpError(400, "auth_session must be a string");
    if (typeof credential !== "object" || credential === null) throw new HttpError(400, "credential must be an object");
    // Options that came with a challenge of the API's were asked for without a nonce.
    const nonce = session.answered(authSession) ?? randomBytes(32).toString("base64url");
    const { id_token_hint: _hint, ...asked } = wanted(session, demanded(body));
    const tokens = await party.passkey({ ...asked, nonce, auth_session: authSession, credential: JSON.stringify(credential) });
    const error = raise(session, tokens);
    if (error !== undefined) throw new Refused(400, { error });
    setCookies(req, res, session);
    sendJson(res, 200, { acr: tokens.acr, amr: tokens.amr, auth_time: tokens.authTime });
  }

  /**
   * Calls the API with the session's token. Where an older one can do more, it gets its turn after
   * a step-up challenge: a newer one by a weaker method takes no right away.
   * @param {Request} req
   * @param {Response} res
   * @param {Session} session
   * @param {string} path
   */
  async function forward(req, res, session, path) {
    const body = await readBody(req);
    /** @type {import("./backchannel.js").Reply | undefined} */
    let first;
    for (const held of [...session.tokens]) {
      const tokens = await usable(session, held);
      if (!tokens) continue;
      const reply = await call(at.api + path, {
        method: req.method, headers: { ...picked(req.headers, FORWARDED), Authorization: `Bearer ${tokens.access}` }, body,
      });
      first ??= reply;
      if (!/error="insufficient_/.test(reply.headers["www-authenticate"] ?? "")) return pass(res, reply);
    }
    return first ? pass(res, first) : signedOut(res);
  }

  /**
   * The tokens, or what a refresh made of them; nothing where they have come to their end.
   * @param {Session} session
   * @param {Tokens} tokens
   */
  async function usable(session, tokens) {
    if (tokens.until - SPARE > Date.now()) return tokens;
    const renewal = renewals.get(tokens) ?? party.refresh(tokens).then((fresh) => {
      session.hold(fresh, tokens);
      return fresh;
    }, (error) => {
      if (!(error instanceof Refused)) throw error;
      session.drop(tokens);
      return undefined;
    });
    renewals.set(tokens, renewal);
    // A provider that was out of reach may be there again at the next request.
    return renewal.catch((error) => {
      renewals.delete(tokens);
      throw error;
    });
  }
}

/**
 * A request to the provider: what is asked for and what the session has already, of its user.
 * @param {Session} session
 * @param {{ scope?: string, acr_values?: string, max_age?: string }} demand
 */
function wanted(session, { scope = "", acr_values, max_age }) {
  const [latest] = session.tokens;
  return {
    scope: [...new Set([...BASE, ...session.scope, ...scope.split(" ").filter(Boolean)])].join(" "),
    ...(acr_values === undefined ? {} : { acr_values }),
    ...(max_age === undefined ? {} : { max_age }),
    ...(latest === undefined ? {} : { id_token_hint: latest.idToken }),
  };
}

/**
 * The demand in a body of the page's, or a 400.
 * @param {Record<string, unknown>} body
 */
function demanded({ acr_values, max_age, scope }) {
  for (const [name, value] of Object.entries({ acr_values, scope })) {
    if (value !== undefined && typeof value !== "string") throw new HttpError(400, `${name} must be a string`);
  }
  if (max_age !== undefined && !(Number.isSafeInteger(max_age) && Number(max_age) >= 0)) throw new HttpError(400, "max_age must be a number of seconds");
  return {
    acr_values: /** @type {string | undefined} */ (acr_values),
    scope: /** @type {string | undefined} */ (scope),
    max_age: max_age === undefined ? undefined : String(max_age),
  };
}

/**
 * A path of the app's own to go back to, or a 400. Not one of these: it would go round and round.
 * @param {string} path
 * @param {string} origin
 */
function ownPath(path, origin) {
  const url = path.startsWith("/") && URL.canParse(path, origin) ? new URL(path, origin) : undefined;
  if (url?.origin !== origin || url.pathname.startsWith("/bff/")) throw new HttpError(400, "return_to must be a path of this app");
  return url.pathname + url.search + url.hash;
}

/**
 * @param {Response} res
 * @param {string} address
 */
function redirect(res, address) {
  res.writeHead(302, { Location: address, "Referrer-Policy": "no-referrer" });
  res.end();
}

/**
 * What the API says to who brings no token (RFC 6750 §3): no step-up, a sign-in.
 * @param {Response} res
 */
function signedOut(res) {
  res.setHeader("WWW-Authenticate", challenge({}));
  sendJson(res, 401, { status: 401, detail: "nobody is signed in" }, "application/problem+json");
}

/**
 * @param {Response} res
 * @param {import("./backchannel.js").Reply} reply
 */
function pass(res, { status, headers, body }) {
  res.writeHead(status, { ...picked(headers, RETURNED), "Content-Length": body.length, "X-Content-Type-Options": "nosniff" });
  res.end(body);
}

/**
 * @param {import("node:http").IncomingHttpHeaders} headers
 * @param {string[]} names
 */
function picked(headers, names) {
  return Object.fromEntries(names.flatMap((name) => {
    const value = headers[name];
    return typeof value === "string" ? [[name, value]] : [];
  }));
}
