/**
 * A running bank and a visitor with cookies, who fills in forms as a browser would.
 * @module
 */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { request } from "node:http";
import { decodeJwt } from "jose";
import { start } from "../server.js";

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {import("node:http").IncomingHttpHeaders} headers
 * @property {string} text
 * @property {URL} url
 */

/**
 * @typedef {object} Ask what goes into the authorization request besides the usual
 * @property {string} [scope]
 * @property {string} [acr_values]
 * @property {string} [claims]
 * @property {string} [max_age]
 * @property {string} [prompt]
 * @property {string} [login_hint]
 * @property {string} [id_token_hint]
 * @property {string} [resource]
 * @property {string} [authorization_details]
 * @property {string} [dpop_jkt]
 */

/**
 * Starts a bank that ends with the test.
 * @param {import("node:test").TestContext} t
 * @param {unknown} [options]
 */
export async function open(t, options = {}) {
  const { at, close } = await start({ control: true, options });
  t.after(close);
  return at;
}

export class Visitor {
  /** @type {{ host: string, path: string, name: string, value: string }[]} */
  #cookies = [];

  /** @param {import("../hosts.js").Addresses} at */
  constructor(at) {
    this.at = at;
  }

  /**
   * One request, redirects not followed. Names below `localhost` are this machine.
   * @param {string} address
   * @param {{ method?: string, headers?: Record<string, string>, body?: string | Buffer }} [init]
   * @returns {Promise<Answer>}
   */
  send(address, { method = "GET", headers = {}, body } = {}) {
    const url = new URL(address);
    const cookies = this.#cookies.filter((one) => one.host === url.host && url.pathname.startsWith(one.path));
    return new Promise((resolve, reject) => {
      const sent = request({
        host: "127.0.0.1", port: url.port, path: url.pathname + url.search, method, agent: false,
        headers: {
          Host: url.host,
          ...(cookies.length > 0 ? { Cookie: cookies.map(({ name, value }) => `${name}=${value}`).join("; ") } : {}),
          ...(body === undefined ? {} : { "Content-Length": String(Buffer.byteLength(body)) }),
          ...headers,
        },
      }, (res) => {
        /** @type {Buffer[]} */
        const chunks = [];
        res.on("data", (chunk) => chunks.push(chunk)).on("error", reject).on("end", () => {
          for (const line of res.headers["set-cookie"] ?? []) this.#keep(url, line);
          resolve({ status: res.statusCode ?? 0, headers: res.headers, text: Buffer.concat(chunks).toString("utf8"), url });
        });
      }).on("error", reject);
      sent.end(body);
    });
  }

  /**
   * @param {URL} url
   * @param {string} line `Set-Cookie`
   */
  #keep(url, line) {
    const [pair = "", ...attributes] = line.split(";").map((part) => part.trim());
    const [name = "", value = ""] = pair.split(/=(.*)/s);
    const path = attributes.find((one) => /^path=/i.test(one))?.slice(5) ?? "/";
    this.#cookies = this.#cookies.filter((one) => !(one.host === url.host && one.name === name && one.path === path));
    if (value !== "") this.#cookies.push({ host: url.host, path, name, value });
  }

  /**
   * Follows redirects until a page, or until the provider is done.
   * @param {Answer} answer
   * @returns {Promise<Answer>}
   */
  async follow(answer) {
    for (let hops = 0; hops < 12; hops += 1) {
      const { location } = answer.headers;
      const scripted = /<title>Submitting Callback<\/title>/.test(answer.text);
      if (scripted) {
        // The library's own page that submits itself when the account changes.
        answer = await this.post(answer, hidden(answer.text), attribute(answer.text, "form", "action"));
      } else if (answer.status >= 300 && answer.status < 400 && location) {
        const next = new URL(location, answer.url);
        if (next.origin === this.at.app && !next.pathname.startsWith("/bff/")) return { ...answer, url: next };
        answer = await this.send(next.href);
      } else {
        return answer;
      }
    }
    throw new Error("too many redirects");
  }

  /**
   * Sends a form of a page and follows what comes.
   * @param {Answer} page
   * @param {Record<string, string>} fields
   * @param {string} [action]
   * @param {Record<string, string>} [headers]
   */
  post(page, fields, action = page.url.href, headers = {}) {
    return this.send(new URL(action, page.url).href, {
      method: "POST",
      headers: { "Content-Type": "application/x-www-form-urlencoded", ...headers },
      body: new URLSearchParams(fields).toString(),
    }).then((answer) => this.follow(answer));
  }

  /**
   * Opens the authorization endpoint and returns the first page, or the end.
   * @param {Ask} [ask]
   */
  async authorize(ask = {}) {
    this.verifier = randomBytes(32).toString("base64url");
    this.nonce = randomBytes(16).toString("base64url");
    const query = new URLSearchParams({
      client_id: "bank-spa",
      redirect_uri: `${this.at.app}/stepup/callback.html`,
      response_type: "code",
      scope: "openid accounts:read",
      state: "the state",
      nonce: this.nonce,
      code_challenge: createHash("sha256").update(this.verifier).digest("base64url"),
      code_challenge_method: "S256",
      ...ask,
    });
    return this.follow(await this.send(`${this.at.issuer}/auth?${query}`));
  }

  /**
   * @param {Answer} page
   * @param {string} [login]
   * @param {string} [password]
   */
  password(page, login = "alice", password = `${login}-password`) {
    return this.post(page, { action: "password", login, password });
  }

  /** @param {Answer} page */
  code(page) {
    return this.post(page, { action: "code", code: codeOn(page) });
  }

  /**
   * @param {Answer} page
   * @param {import("./authenticator.js").Authenticator} authenticator
   */
  passkey(page, authenticator) {
    const credential = authenticator.get(ceremony(page, "passkey"), this.at.issuer);
    return this.post(page, { action: "passkey", credential: JSON.stringify(credential) });
  }

  /**
   * @param {Answer} page
   * @param {import("./authenticator.js").Authenticator} authenticator
   */
  register(page, authenticator) {
    const credential = authenticator.create(ceremony(page, "register"), this.at.issuer);
    return this.post(page, { action: "register", credential: JSON.stringify(credential) });
  }

  /**
   * Exchanges the code that the provider ended with.
   * @param {Answer} end
   * @param {Record<string, string>} [headers]
   */
  async tokens(end, headers = {}) {
    const result = parameters(end);
    assert.equal(result.error, undefined, result.error_description);
    assert.equal(result.state, "the state");
    assert.equal(result.iss, this.at.issuer);
    return this.redeem({
      grant_type: "authorization_code", code: result.code ?? "",
      redirect_uri: `${this.at.app}/stepup/callback.html`, code_verifier: this.verifier ?? "",
    }, headers);
  }

  /**
   * @param {Record<string, string>} fields
   * @param {Record<string, string>} [headers]
   */
  async redeem(fields, headers = {}) {
    const answer = await this.send(`${this.at.issuer}/token`, {
      method: "POST",
      headers: { "Content-Type": "application/x-www-form-urlencoded", Origin: this.at.app, ...headers },
      body: new URLSearchParams({ client_id: "bank-spa", ...fields }).toString(),
    });
    assert.equal(answer.status, 200, answer.text);
    const tokens = JSON.parse(answer.text);
    return {
      ...tokens,
      access: /** @type {any} */ (decodeJwt(tokens.access_token)),
      id: /** @type {any} */ (tokens.id_token && decodeJwt(tokens.id_token)),
    };
  }

  /**
   * Signs in with a password only.
   * @param {string} [login]
   * @param {Ask} [ask]
   */
  async signIn(login = "alice", ask = {}) {
    return this.tokens(await this.password(await this.authorize(ask), login));
  }

  /**
   * A form to one of the provider's own endpoints, as the app's page sends it.
   * @param {string} path
   * @param {Record<string, string>} fields
   * @param {Record<string, string>} [headers]
   */
  async form(path, fields, headers = {}) {
    const answer = await this.send(this.at.issuer + path, {
      method: "POST",
      headers: { "Content-Type": "application/x-www-form-urlencoded", Origin: this.at.app, ...headers },
      body: new URLSearchParams({ client_id: "bank-spa", ...fields }).toString(),
    });
    return { status: answer.status, headers: answer.headers, value: JSON.parse(answer.text || "null") };
  }

  /**
   * A request to the API with a token.
   * @param {string} path
   * @param {string | undefined} token
   * @param {{ method?: string, headers?: Record<string, string>, body?: string | Buffer, json?: unknown }} [init]
   */
  api(path, token, { json, headers = {}, ...init } = {}) {
    return this.send(this.at.api + path, {
      method: json === undefined ? "GET" : "POST",
      ...init,
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      headers: {
        Origin: this.at.app,
        ...(json === undefined ? {} : { "Content-Type": "application/json" }),
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
        ...headers,
      },
    });
  }

  /**
   * A request of the app's page to its backend-for-frontend.
   * @param {string} path below `/bff`
   * @param {unknown} [json] makes it a `POST`
   * @param {Record<string, string>} [headers]
   */
  async bff(path, json, headers = {}) {
    const answer = await this.send(`${this.at.app}/bff${path}`, json === undefined ? { headers } : {
      method: "POST",
      body: JSON.stringify(json),
      headers: { Origin: this.at.app, "Content-Type": "application/json", "X-CSRF-Token": this.cookie("bank-csrf") ?? "", ...headers },
    });
    return { ...answer, value: answer.text === "" ? undefined : JSON.parse(answer.text) };
  }

  /**
   * Signs in at the backend-for-frontend, or raises what is there, up to the first page or the end.
   * @param {Record<string, string>} [query]
   */
  async login(query = {}) {
    const asked = new URLSearchParams({ return_to: "/done.html?stepup_state=s-1", ...query });
    return this.follow(await this.send(`${this.at.app}/bff/login?${asked}`));
  }

  /** @param {string} name of a cookie of the app's host */
  cookie(name) {
    return this.#cookies.find((one) => one.host === new URL(this.at.app).host && one.name === name)?.value;
  }

  /**
   * A request to the control host, answered in JSON.
   * @param {string} path
   * @param {unknown} [json]
   */
  async control(path, json) {
    const answer = await this.send(`http://control.localhost:${this.at.port}${path}`, json === undefined ? {} : {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(json),
    });
    return { status: answer.status, value: answer.text === "" ? undefined : JSON.parse(answer.text) };
  }
}

/**
 * What the provider sent back to the app.
 * @param {Answer} end
 * @returns {Record<string, string | undefined>}
 */
export function parameters(end) {
  assert.match(end.url.href, /\/stepup\/callback\.html\?/, `not the end but ${titleOf(end)}`);
  return Object.fromEntries(end.url.searchParams);
}

/** @param {Answer} page */
export function titleOf(page) {
  return /<h1>([^<]*)<\/h1>/.exec(page.text)?.[1];
}

/** @param {Answer} page */
export function codeOn(page) {
  return /id="code-hint">(\d{6})</.exec(page.text)?.[1] ?? "";
}

/**
 * The WebAuthn options of a form.
 * @param {Answer} page
 * @param {"passkey" | "register"} kind
 */
export function ceremony(page, kind) {
  const options = new RegExp(`data-ceremony="${kind}" data-options="([^"]*)"`).exec(page.text)?.[1];
  assert.ok(options, `no ${kind} on the page ${titleOf(page)}`);
  return JSON.parse(options.replaceAll("&quot;", '"').replaceAll("&#39;", "'").replaceAll("&lt;", "<").replaceAll("&amp;", "&"));
}

/** @param {string} text */
function hidden(text) {
  return Object.fromEntries([...text.matchAll(/type="hidden" name="([^"]+)" value="([^"]*)"/g)].map(([, name, value]) => [name, value]));
}

/**
 * @param {string} text
 * @param {string} element
 * @param {string} name
 */
function attribute(text, element, name) {
  return new RegExp(`<${element}[^>]*\\s${name}="([^"]*)"`).exec(text)?.[1];
}
