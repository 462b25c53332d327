/**
 * The one HTTP server: it listens on loopback and hands each request to its virtual host.
 * @module
 */
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createApi } from "./api.js";
import { createAuthorizationChallenge } from "./authorizationchallenge.js";
import { createBff } from "./bff.js";
import { Ceremonies } from "./ceremonies.js";
import { Challenges } from "./challenges.js";
import { Connections } from "./connections.js";
import { createControl } from "./control.js";
import { addresses, roleOf } from "./hosts.js";
import { HttpError, sendError, target } from "./http.js";
import { createInteractions } from "./interactions.js";
import { generateKeys } from "./keys.js";
import { Ledger } from "./ledger.js";
import { defaultOptions, mergeOptions } from "./options.js";
import { createPageHost } from "./pagehost.js";
import { errorPage } from "./pages.js";
import { createPasskeyOptions } from "./passkeyoptions.js";
import { Passkeys } from "./passkeys.js";
import { Possession } from "./possession.js";
import { createProbes } from "./probes.js";
import { createProvider } from "./provider.js";
import { RequestLog } from "./requestlog.js";
import { Revocations } from "./revocations.js";
import { sendFile } from "./static.js";
import { completed } from "./tokenrequest.js";
import { createTokenCheck } from "./tokens.js";

const PUBLIC = fileURLToPath(new URL("public/", import.meta.url));
/** Files of the provider's pages. */
const ASSETS = new Set(["/pages.css", "/passkey.js", "/mark.svg"]);

/** @typedef {(req: import("./http.js").Request, res: import("./http.js").Response) => unknown} Handler */

/**
 * Starts everything.
 * @param {object} [settings]
 * @param {number} [settings.port] 0 for any that is free
 * @param {boolean} [settings.control] whether there is a control host
 * @param {Partial<import("./options.js").Options>} [settings.defaults] where the options say nothing
 * @param {unknown} [settings.options]
 * @returns {Promise<{ at: import("./hosts.js").Addresses, close(): Promise<void> }>}
 */
export async function start({ port = 0, control = false, defaults = {}, options: given = {} } = {}) {
  const options = { ...defaultOptions(), ...defaults };
  mergeOptions(options, given);
  const keys = await generateKeys();

  /** @type {Handler} */
  let handle = (_req, res) => sendError(res, new HttpError(503, "the server is starting"));
  const connections = new Connections();
  const server = createServer((req, res) => handle(req, res)).on("connection", (socket) => connections.add(socket));
  await new Promise((resolve, reject) => {
    server.once("error", reject).listen(port, "127.0.0.1", () => resolve(undefined));
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  const at = addresses(address.port, options.provider);
  handle = compose({ at, options, keys, control, connections });

  return {
    at,
    close: () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
}

/**
 * @param {object} parts
 * @param {import("./hosts.js").Addresses} parts.at
 * @param {import("./options.js").Options} parts.options
 * @param {Awaited<ReturnType<typeof generateKeys>>} parts.keys
 * @param {boolean} parts.control
 * @param {Connections} parts.connections
 * @returns {Handler}
 */
function compose({ at, options, keys, control, connections }) {
  const log = new RequestLog();
  const ledger = new Ledger();
  const passkeys = new Passkeys(at);
  passkeys.seed(options.passkeys);
  const ceremonies = new Ceremonies({ at, options, passkeys, challenges: new Challenges(options) });
  const secret = randomBytes(32).toString("base64url");
  const revocations = new Revocations();
  const possession = new Possession(options);
  const check = createTokenCheck(at, keys.open, revocations, possession);
  const probes = control ? createProbes(check, revocations) : {};
  /** @type {Record<import("./hosts.js").Role, Handler | undefined>} */
  const hosts = {
    app: createPageHost(at, options, createBff({ at, secret })),
    api: createApi({ at, options, check, ledger, ceremonies, possession, probes }),
    auth: createAuthHost({ at, options, keys, secret, passkeys, ceremonies }),
    control: control ? createControl({ options, log, ledger, passkeys, revocations, connections }) : undefined,
  };

  return async (req, res) => {
    const role = roleOf(req.headers.host, at);
    const host = role && hosts[role];
    try {
      // RFC 9110 §15.5.20. The message helps who typed the address with another name.
      if (!role || !host) throw new HttpError(421, `this server is ${at.app}/`);
      if (role !== "control") {
        const { from, path } = log.add(req, res, role);
        const delay = from === "page" ? options.delays[path] ?? options.delays["*"] ?? 0 : 0;
        if (from === "page" && role === "auth") await connections.ready(req.socket, options.handshake);
        if (delay > 0) await setTimeout(delay);
      }
      await host(req, res);
    } catch (error) {
      sendError(res, error);
    }
  };
}

/**
 * The provider's host: its pages and files, and `oidc-provider` for the protocol.
 * @param {object} parts
 * @param {import("./hosts.js").Addresses} parts.at
 * @param {import("./options.js").Options} parts.options
 * @param {Awaited<ReturnType<typeof generateKeys>>} parts.keys
 * @param {string} parts.secret of the backend-for-frontend
 * @param {Passkeys} parts.passkeys
 * @param {Ceremonies} parts.ceremonies
 * @returns {Handler}
 */
function createAuthHost({ at, options, keys, secret, passkeys, ceremonies }) {
  const { provider, assurance } = createProvider({ at, options, jwks: keys.secret, secret, passkeys, ceremonies });
  const parts = { at, options, provider, ceremonies };
  /** @type {Record<string, Handler>} */
  const own = {
    "/passkey/options": createPasskeyOptions(parts),
    "/authorize-challenge": createAuthorizationChallenge(parts),
  };
  const interact = createInteractions({ at, provider, assurance, passkeys });
  const protocol = provider.callback();

  return async (req, res) => {
    if (options.coop.provider) res.setHeader("Cross-Origin-Opener-Policy", options.coop.provider);
    const { path } = target(req);
    if (ASSETS.has(path)) return sendFile(req, res, PUBLIC, path.slice(1));
    if (Object.hasOwn(own, path)) return own[path]?.(req, res);
    if (path === "/token" && req.method === "POST") return protocol(await completed(req), res);
    if (!path.startsWith("/interaction/")) return protocol(req, res);
    try {
      return await interact(req, res);
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      res.statusCode = error.status;
      res.end(errorPage(res, at, error.message));
      return undefined;
    }
  };
}
