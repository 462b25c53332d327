/**
 * A provider, an API and a backend that are honest unless told otherwise, and a page that uses them:
 * the SDK sends real requests to this machine. Its time limits pass when a test says so.
 */

import { idToken, keys } from "../package/issuer.js";
import { Stage, built, challenge, json, until } from "../package/stage.js";
import { Server } from "./server.js";

/** @type {typeof import("../../src/js/index.d.ts")} */
export const { createStepUp } = await import(built);

/** What the SDK is told to wait: values that no other timer has, in seconds. */
export const REQUEST_TIMEOUT = 77;
export const PROMPT_TIMEOUT = 88;

/** What hangs, fails. */
export const LIMITED = { timeout: 30_000 };

const real = { fetch, setTimeout, clearTimeout };
/** @type {any} */
const page = globalThis;

/** Timers of the SDK that have not passed. @type {Map<object, { run: () => void, after: number }>} */
const waiting = new Map();
page.setTimeout = (/** @type {() => void} */ run, /** @type {number} */ after, /** @type {any[]} */ ...more) => {
  if (after !== REQUEST_TIMEOUT * 1000 && after !== PROMPT_TIMEOUT * 1000) return real.setTimeout(run, after, ...more);
  const timer = {};
  waiting.set(timer, { run, after });
  return timer;
};
page.clearTimeout = (/** @type {any} */ timer) => void (waiting.delete(timer) || real.clearTimeout(timer));

/** How much later it is than it really is, in milliseconds. */
let ahead = 0;
const { now } = Date;
Date.now = () => now() + ahead;

/** How many bytes of bodies were read in this page. */
let bytesRead = 0;
const { read } = ReadableStreamDefaultReader.prototype;
ReadableStreamDefaultReader.prototype.read = async function () {
  const chunk = await read.call(this);
  bytesRead += chunk.value?.length ?? 0;
  return chunk;
};

/** Where the servers are, and what they know. */
export class Bank {
  /** Options for a passkey. */
  static OPTIONS = { publicKey: { challenge: "AQID", rpId: "app.example" }, auth_session: "s1" };
  /** How many tokens were issued. */
  issued = 0;
  /** Whether the backend has raised the session. */
  raised = false;
  /** Whether its challenges point to what the API says of itself. */
  described = false;
  /** Requests that the provider keeps for one visit, by their `request_uri`. @type {Map<string, URLSearchParams>} */
  kept = new Map();
  /** Tokens that the API takes no more. @type {Set<string>} */
  revoked = new Set();
  /** Answers that have begun to arrive, by path. @type {string[]} */
  arrived = [];
  /** What the window came back with last, by its `state`. @type {Map<string, URLSearchParams>} */
  asked = new Map();
  /** What the provider sends the window back with. @type {(url: URL) => string | undefined} */
  comesBack = (url) => this.query(url);
  stage = new Stage();

  /** @param {Server} provider @param {Server} api */
  constructor(provider, api) {
    this.provider = provider;
    this.api = api;
    this.heal();
  }

  static async open() {
    return new Bank(await Server.start(), await Server.start());
  }

  close() {
    this.provider.close();
    this.api.close();
  }

  get transfers() {
    return `${this.api.origin}/transfers`;
  }

  /** A new page, and servers that know nothing. */
  anew() {
    this.stage = new Stage();
    Object.assign(this, { issued: 0, raised: false, described: false });
    this.kept.clear();
    this.arrived = [];
    this.revoked.clear();
    this.asked.clear();
    this.comesBack = (url) => this.query(url);
    page.fetch = async (/** @type {any} */ input, /** @type {any} */ init) => {
      const response = await real.fetch(input, init);
      this.arrived.push(new URL(response.url).pathname);
      return response;
    };
    page.open = () => {
      const popup = {
        url: "",
        closed: false,
        close() {
          this.closed = true;
        },
        focus() {},
        location: { replace: (/** @type {string} */ url) => this.visit((popup.url = url)) },
      };
      this.stage.opened.push(popup);
      return popup;
    };
    this.heal();
  }

  /** Everybody is honest from now on. */
  heal() {
    const { provider, api } = this;
    for (const server of [provider, api]) {
      server.faults = {};
      server.forget();
    }
    const { origin } = provider;
    provider.honest = {
      "/.well-known/openid-configuration": () =>
        json({
          issuer: origin,
          authorization_endpoint: `${origin}/authorize`,
          token_endpoint: `${origin}/token`,
          jwks_uri: `${origin}/keys`,
          authorization_challenge_endpoint: `${origin}/challenge`,
          pushed_authorization_request_endpoint: `${origin}/par`,
          authorization_response_iss_parameter_supported: true,
          response_types_supported: ["code"],
          code_challenge_methods_supported: ["S256"],
        }),
      "/keys": () => keys(),
      "/par": ({ body }) => {
        const request_uri = `urn:ietf:params:oauth:request_uri:${crypto.randomUUID()}`;
        this.kept.set(request_uri, new URLSearchParams(body));
        return json({ request_uri, expires_in: 60 }, 201);
      },
      "/token": ({ body }) => this.tokens(new URLSearchParams(body)),
      "/passkey/options": () => json(Bank.OPTIONS),
      "/passkey/token": ({ body }) => this.tokens(new URLSearchParams(body)),
      "/challenge": ({ body }) => {
        const form = new URLSearchParams(body);
        if (!form.has("credential")) {
          this.asked.set("first-party", form);
          return json({ error: "insufficient_authorization", ...Bank.OPTIONS }, 400);
        }
        return json({ authorization_code: "first-party" });
      },
    };
    api.honest = {
      "/transfers": (request) => this.judge(request),
      "/.well-known/oauth-protected-resource": () =>
        json({ resource: api.origin, authorization_servers: [origin] }),
      "/other": ({ headers }) => new Response(headers["authorization"] ?? ""),
      "/bff/options": () => json({ publicKey: Bank.OPTIONS.publicKey }),
      "/bff/verify": () => {
        this.raised = true;
        return json({ acr: "AL3" });
      },
    };
  }

  /** What the API makes of a request. @param {import("./server.js").Request} request */
  judge({ headers }) {
    const token = headers["authorization"]?.replace("Bearer ", "") ?? "";
    if (this.revoked.has(token))
      return new Response("revoked", { status: 401, headers: { "www-authenticate": 'Bearer error="invalid_token"' } });
    if (this.raised || token.startsWith("AL3")) return new Response("done");
    const demand = challenge("AL3", { demand: "AL3" });
    const metadata = `resource_metadata="${this.api.origin}/.well-known/oauth-protected-resource"`;
    if (this.described)
      demand.headers.set("WWW-Authenticate", `${demand.headers.get("WWW-Authenticate")}, ${metadata}`);
    return demand;
  }

  /** @param {URLSearchParams} form @param {object} [claims] @param {object} [more] */
  async tokens(form, claims, more) {
    if (form.get("grant_type") === "refresh_token")
      return json({ access_token: `AL3-${(this.issued += 1)}`, token_type: "Bearer", refresh_token: "r2", ...more });
    const about = this.asked.get(form.get("code") ?? "") ?? form;
    const acr = about.get("acr_values")?.split(" ")[0] ?? "AL1";
    return json({
      access_token: `${acr}-${(this.issued += 1)}`,
      token_type: "Bearer",
      expires_in: 300,
      refresh_token: "r1",
      id_token: await this.idToken({ acr, nonce: about.get("nonce"), ...claims }),
      ...more,
    });
  }

  /** @param {object} claims */
  idToken(claims) {
    return idToken({ iss: this.provider.origin, auth_time: Math.floor(Date.now() / 1000), ...claims });
  }

  /** A window arrives at the provider, and is sent back. @param {string} address */
  visit(address) {
    const url = new URL(address);
    const uri = url.searchParams.get("request_uri") ?? "";
    const kept = this.kept.get(uri);
    this.kept.delete(uri);
    // A request that is not there any more is an error page, from which nobody comes back.
    if (uri && !kept) return;
    for (const [name, value] of kept ?? []) url.searchParams.set(name, value);
    this.asked.set(`code-${url.searchParams.get("state")}`, url.searchParams);
    const query = this.comesBack(url);
    if (query !== undefined) this.callBack(url, query);
  }

  /** The honest answer to an authorization request. @param {URL} url */
  query(url) {
    const state = url.searchParams.get("state") ?? "";
    return `?${new URLSearchParams({ code: `code-${state}`, state, iss: this.provider.origin })}`;
  }

  /** What the callback page tells on the channel of its state. @param {URL} url @param {string} query */
  callBack(url, query) {
    const channel = new BroadcastChannel(`stepup:${url.searchParams.get("state")}`);
    channel.postMessage(query);
    real.setTimeout(() => channel.close(), 50);
  }

  /** @param {Partial<import("../../src/js/index.d.ts").StepUpOptions>} options */
  make(options) {
    return this.stage.watch(
      createStepUp({
        apis: [this.api.origin],
        issuer: this.provider.origin,
        clientId: "app",
        redirectUri: "/stepup/callback.html",
        session: () => ({ accessToken: "low", sub: "alice", scope: "openid" }),
        gate: false,
        requestTimeout: REQUEST_TIMEOUT,
        promptTimeout: PROMPT_TIMEOUT,
        ...options,
      }),
    );
  }

  /** Lets the time limit of requests, or of prompts, pass. @param {number} [limit] in seconds */
  expire(limit = REQUEST_TIMEOUT) {
    for (const [timer, { run, after }] of [...waiting])
      if (after === limit * 1000) {
        waiting.delete(timer);
        run();
      }
  }

  /** Time passes. @param {number} seconds */
  wait(seconds) {
    ahead += seconds * 1000;
  }

  /** How many time limits are running. */
  get clocks() {
    return waiting.size;
  }

  /** How many bytes of bodies were read since it was asked last. */
  get bytesRead() {
    const count = bytesRead;
    bytesRead = 0;
    return count;
  }

  /** The requests that the SDK tells of. */
  get told() {
    return this.stage.events.filter(({ type }) => type === "request").map(({ detail }) => detail);
  }
}

export { until };
