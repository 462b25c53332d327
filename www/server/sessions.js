/**
 * The sessions of the backend-for-frontend: a cookie on the page's side, tokens on this one.
 *
 * `bank-session` is for this server's eyes only; `bank-csrf` is for the page to read and to send back
 * in a header, which no other site's page can. Neither is `Secure`, since this is plain http to the
 * same machine and not every engine sends such cookies there.
 * @module
 */
import { randomBytes, timingSafeEqual } from "node:crypto";
import { rank } from "./levels.js";

/** Sessions remembered at once; the oldest goes first. */
const SESSIONS = 10_000;
/** How long a session lives without a request, in milliseconds. */
const IDLE = 30 * 60 * 1000;
/** Sign-ins, ceremonies and tokens that one session has at once; the oldest goes first. */
const AT_ONCE = 16;

const SESSION_COOKIE = "bank-session";
const CSRF_COOKIE = "bank-csrf";

/**
 * @typedef {import("./http.js").Request} Request
 * @typedef {import("./http.js").Response} Response
 * @typedef {import("./relyingparty.js").Tokens} Tokens
 */

/**
 * @typedef {object} Login a user who is at the provider
 * @property {string} nonce
 * @property {string} verifier of PKCE
 * @property {string} returnTo path on this host
 */

/** How long the CSRF token before the present one counts, in milliseconds. */
const GRACE = 10_000;

/** One browser's. */
export class Session {
  id = random();
  csrf = random();
  /** The one before, and until when it counts, in milliseconds since the epoch. */
  formerCsrf = { token: "", until: 0 };
  /** @type {string | undefined} */
  user;
  /** @type {Tokens[]} the newest first */
  tokens = [];
  /** @type {Map<string, Login>} by `state` */
  #logins = new Map();
  /** @type {Map<string, string>} nonces by `auth_session` */
  #nonces = new Map();
  seen = Date.now();

  /**
   * Takes a new CSRF token. A page may read the old one for a moment more: a browser need not show a
   * script the cookies of an answer as soon as the answer itself.
   * @param {boolean} lenient whether the old one counts for that long
   */
  renewCsrf(lenient) {
    this.formerCsrf = { token: this.csrf, until: lenient ? Date.now() + GRACE : 0 };
    this.csrf = random();
  }

  /** All rights that it has by one token or another. */
  get scope() {
    return [...new Set(this.tokens.flatMap(({ scope }) => scope))];
  }

  /**
   * @param {string} state
   * @param {Login} login
   */
  leave(state, login) {
    put(this.#logins, state, login);
  }

  /**
   * The sign-in that this answers, once.
   * @param {string} state
   */
  comeBack(state) {
    return take(this.#logins, state);
  }

  /**
   * @param {string} authSession
   * @param {string} nonce
   */
  ask(authSession, nonce) {
    put(this.#nonces, authSession, nonce);
  }

  /**
   * The nonce that went with these options, once; none where they came with a challenge.
   * @param {string} authSession
   */
  answered(authSession) {
    return take(this.#nonces, authSession);
  }

  /**
   * Adds to what it holds. Older tokens stay where they can do what the new one cannot.
   * @param {Tokens} fresh
   * @param {Tokens} [instead] of this one
   */
  hold(fresh, instead) {
    const others = this.tokens.filter((held) => held !== instead && !covers(fresh, held));
    this.tokens = [fresh, ...others].slice(0, AT_ONCE);
  }

  /** @param {Tokens} tokens that are good for nothing any more */
  drop(tokens) {
    this.tokens = this.tokens.filter((held) => held !== tokens);
  }
}

export class Sessions {
  /** @type {Map<string, Session>} */
  #known = new Map();

  /**
   * @param {Request} req
   * @returns {Session | undefined}
   */
  of(req) {
    const session = this.#known.get(cookie(req, SESSION_COOKIE) ?? "");
    if (!session) return undefined;
    if (Date.now() - session.seen > IDLE) {
      this.end(session);
      return undefined;
    }
    session.seen = Date.now();
    return session;
  }

  /** A session of nobody yet. */
  begin() {
    const session = new Session();
    this.#known.set(session.id, session);
    const [oldest] = this.#known.keys();
    if (this.#known.size > SESSIONS && oldest !== undefined) this.#known.delete(oldest);
    return session;
  }

  /**
   * Raises a session by what its user has proved, or signs a user in.
   *
   * The CSRF token is a new one each time. The session's own name changes when somebody signs in, so
   * that nobody can have planted it; later it stays, since an answer that is lost on its way must
   * not sign the user out.
   * @param {Session} session
   * @param {Tokens} tokens
   */
  raise(session, tokens) {
    if (session.user === undefined) {
      this.#known.delete(session.id);
      session.id = random();
      this.#known.set(session.id, session);
    }
    session.renewCsrf(session.user !== undefined);
    session.user = tokens.user;
    session.hold(tokens);
  }

  /** @param {Session} session */
  end(session) {
    this.#known.delete(session.id);
  }

  /**
   * Whether it has not ended meanwhile.
   * @param {Session} session
   */
  has(session) {
    return this.#known.get(session.id) === session;
  }
}

/**
 * Sets the cookies that the browser does not have as they are.
 * @param {Request} req
 * @param {Response} res
 * @param {Session} session
 */
export function setCookies(req, res, session) {
  // Lax, since the way back from a provider on another site must bring it.
  if (cookie(req, SESSION_COOKIE) !== session.id) res.appendHeader("Set-Cookie", `${SESSION_COOKIE}=${session.id}; Path=/bff/; HttpOnly; SameSite=Lax`);
  if (cookie(req, CSRF_COOKIE) !== session.csrf) res.appendHeader("Set-Cookie", `${CSRF_COOKIE}=${session.csrf}; Path=/; SameSite=Strict`);
}

/** @param {Response} res */
export function clearCookies(res) {
  res.appendHeader("Set-Cookie", `${SESSION_COOKIE}=; Path=/bff/; HttpOnly; SameSite=Lax; Max-Age=0`);
  res.appendHeader("Set-Cookie", `${CSRF_COOKIE}=; Path=/; SameSite=Strict; Max-Age=0`);
}

/**
 * Whether the page sent back what only it can read: the cookie, the header and the session agree.
 * @param {Request} req
 * @param {Session} session
 */
export function provesItsPage(req, session) {
  const { token, until } = session.formerCsrf;
  const valid = Date.now() < until ? [session.csrf, token] : [session.csrf];
  const isValid = (/** @type {any} */ given) => valid.some((known) => same(given, known));
  return isValid(cookie(req, CSRF_COOKIE)) && isValid(req.headers["x-csrf-token"]);
}

/**
 * @param {unknown} given
 * @param {string} expected
 */
function same(given, expected) {
  return typeof given === "string" && given.length === expected.length && timingSafeEqual(Buffer.from(given), Buffer.from(expected));
}

/**
 * Whether nothing that the old token can do is beyond the new one.
 * @param {Tokens} fresh
 * @param {Tokens} old
 */
function covers(fresh, old) {
  return rank(fresh.acr) >= rank(old.acr) && fresh.authTime >= old.authTime && old.scope.every((one) => fresh.scope.includes(one));
}

/**
 * @param {Request} req
 * @param {string} name
 */
function cookie(req, name) {
  for (const pair of (req.headers.cookie ?? "").split(";")) {
    const [key, value] = pair.trim().split("=", 2);
    if (key === name) return value;
  }
  return undefined;
}

/**
 * @template T
 * @param {Map<string, T>} map
 * @param {string} key
 * @param {T} value
 */
function put(map, key, value) {
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > AT_ONCE && oldest !== undefined) map.delete(oldest);
}

/**
 * @template T
 * @param {Map<string, T>} map
 * @param {string} key
 */
function take(map, key) {
  const value = map.get(key);
  map.delete(key);
  return value;
}

function random() {
  return randomBytes(32).toString("base64url");
}
