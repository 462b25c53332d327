/**
 * The bank's API: what each operation needs, and the challenge for who does not bring it.
 * @module
 */
import { findAccount } from "./accounts.js";
import { API_SCOPES } from "./clients.js";
import { Refusal } from "./ceremonies.js";
import { cors } from "./cors.js";
import { HttpError, readBody, readJson, sendError, sendJson, target } from "./http.js";
import { pays } from "./payments.js";
import { Challenge, insufficient } from "./tokens.js";

/**
 * @typedef {import("./http.js").Request} Request
 * @typedef {import("./http.js").Response} Response
 * @typedef {ReturnType<typeof import("./tokens.js").createTokenCheck>} TokenCheck
 * @typedef {(req: Request, res: Response) => void | Promise<void>} Handler
 */

/** Where the API describes itself (RFC 9728 §3). */
const METADATA = "/.well-known/oauth-protected-resource";
/** Moving money takes a passkey, used within the last minute. */
export const TRANSFER = Object.freeze({ scope: "transfers:write", acr: "AL3", maxAge: 60 });
const READ = Object.freeze({ scope: "accounts:read", acr: "AL1" });
const NEW_PAYEE = Object.freeze({ scope: "payees:write", acr: "AL1" });
/** A new passkey is as good as what vouched for it, so that has to be strong and recent. */
const NEW_PASSKEY = Object.freeze({ scope: "passkeys:write", acr: "AL2", maxAge: 300 });

/**
 * @param {object} parts
 * @param {import("./hosts.js").Addresses} parts.at
 * @param {import("./options.js").Options} parts.options
 * @param {TokenCheck} parts.check
 * @param {import("./ledger.js").Ledger} parts.ledger
 * @param {import("./ceremonies.js").Ceremonies} parts.ceremonies
 * @param {import("./possession.js").Possession} parts.possession
 * @param {Record<string, Handler>} [parts.probes] further paths, for tests
 */
export function createApi({ at, options, check, ledger, ceremonies, possession, probes = {} }) {
  /** @type {Record<string, Record<string, Handler>>} */
  const routes = {
    [METADATA]: {
      GET: (_req, res) => sendJson(res, 200, {
        resource: at.api, authorization_servers: [at.issuer], bearer_methods_supported: ["header"], scopes_supported: API_SCOPES,
        dpop_signing_alg_values_supported: ["ES256"], ...options.describe,
      }),
    },
    "/balance": {
      GET: async (req, res) => {
        const { user } = await check(req, READ);
        sendJson(res, 200, ledger.balance(user));
      },
    },
    "/payees": {
      GET: async (req, res) => {
        const { user } = await check(req, READ);
        sendJson(res, 200, ledger.payees(user));
      },
      POST: async (req, res) => {
        const { user } = await check(req, NEW_PAYEE);
        sendJson(res, 201, ledger.addPayee(user, await readJson(req)));
      },
    },
    "/passkeys": {
      GET: async (req, res) => {
        const { user } = await check(req, READ);
        sendJson(res, 200, ceremonies.list(user));
      },
      POST: async (req, res) => {
        const { user, client } = await check(req, NEW_PASSKEY);
        const credential = await readJson(req);
        sendJson(res, 201, await ceremonies.register(credential, { client, user }).catch((error) => {
          throw error instanceof Refusal ? new HttpError(422, "The passkey could not be added.", { reason: error.message }) : error;
        }));
      },
    },
    "/passkeys/options": {
      POST: async (req, res) => {
        const { user, client } = await check(req, NEW_PASSKEY);
        const account = findAccount(user);
        if (!account) throw new HttpError(404, "There is no account of this user.");
        sendJson(res, 200, await ceremonies.creation({ client, account }));
      },
    },
    "/transfers": {
      GET: async (req, res) => {
        const { user } = await check(req, READ);
        sendJson(res, 200, ledger.transfers(user));
      },
      POST: async (req, res) => {
        const access = await check(req, TRANSFER);
        const order = await readJson(req);
        confirmed(access, order);
        sendJson(res, 201, ledger.transfer(access.user, order, idempotencyKey(req)));
      },
    },
  };

  /** Tokens for one payment that have made theirs. @type {Set<string>} */
  const used = new Set();

  /**
   * Whether this payment, and no other, is what the user has confirmed; where the token tells, or must.
   * @param {import("./tokens.js").Access} access
   * @param {Record<string, unknown>} order
   */
  function confirmed(access, order) {
    const { user, token, details } = access;
    if (details === undefined && !options.linking) return;
    const payee = ledger.payees(user).find(({ id }) => id === order.payee);
    const fits = Array.isArray(details) && pays(details, { amount: order.amount }, payee);
    if (!fits || used.has(token)) {
      throw Object.assign(insufficient({ acr: TRANSFER.acr, maxAge: TRANSFER.maxAge }), { of: access });
    }
    used.add(token);
  }

  /** @type {Handler} */
  return async function serve(req, res) {
    const { path } = target(req);
    const probe = Object.hasOwn(probes, path) ? probes[path] : undefined;
    const policy = { origin: at.app, exposeChallenge: options.exposeChallenge, anyHeader: probe !== undefined };
    if (cors(req, res, policy)) return;
    // RFC 9449 §8.2, §9: whatever the answer will be, the next proof has this one.
    const nonce = req.headers.dpop === undefined ? undefined : possession.nonce();
    if (nonce !== undefined) res.setHeader("DPoP-Nonce", nonce);
    try {
      const methods = Object.hasOwn(routes, path) ? routes[path] : undefined;
      const handler = probe ?? methods?.[req.method ?? ""];
      if (!handler) {
        if (methods) res.setHeader("Allow", Object.keys(methods).join(", "));
        throw methods ? new HttpError(405, "this method is not for this path") : new HttpError(404, "there is nothing here");
      }
      await handler(req, res);
    } catch (error) {
      if (options.carry && error instanceof Challenge) await carry(error, ceremonies);
      if (options.describe && error instanceof Challenge) error.params.resource_metadata ??= at.api + METADATA;
      await refuse(req, res, error);
    }
  };
}

/**
 * Puts what a page needs to ask for a passkey into a step-up challenge, which saves asking for it.
 * @param {Challenge} challenge
 * @param {import("./ceremonies.js").Ceremonies} ceremonies
 */
async function carry({ of, more }, ceremonies) {
  const passkey = of && await ceremonies.request({ client: of.client, user: of.user });
  if (passkey) more.passkey = passkey;
}

/**
 * @param {Request} req
 * @param {Response} res
 * @param {unknown} error
 */
async function refuse(req, res, error) {
  // An answer to a half-read upload would be lost with the connection.
  if (!req.readableEnded) await readBody(req, 0).catch(() => undefined);
  const scheme = /^dpop /i.test(req.headers.authorization ?? "") ? "DPoP" : "Bearer";
  if (error instanceof Challenge) res.setHeader("WWW-Authenticate", error.header(scheme));
  sendError(res, error);
}

/** @param {Request} req */
function idempotencyKey(req) {
  const key = req.headers["idempotency-key"];
  if (key === undefined) return undefined;
  if (typeof key !== "string" || !/^[\x21-\x7e]{1,200}$/.test(key)) throw new HttpError(400, "the idempotency key has a wrong form");
  return key;
}
