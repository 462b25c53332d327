import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { Authenticator } from "./authenticator.js";
import { open, Visitor } from "./bank.js";

const RENT = { payee: "rent", amount: 50_000 };
const EVERYTHING = "openid accounts:read transfers:write payees:write";

/**
 * Somebody signed in with a passkey and every scope.
 * @param {import("node:test").TestContext} t
 * @param {unknown} [options]
 */
async function strong(t, options = {}) {
  const key = new Authenticator();
  const alice = new Visitor(await open(t, { passkeys: [key.seed()], ...(/** @type {object} */ (options)) }));
  const tokens = await alice.tokens(await alice.passkey(await alice.authorize({ scope: EVERYTHING }), key));
  return { alice, key, token: tokens.access_token };
}

test("without a token the challenge has no error code", async (t) => {
  const visitor = new Visitor(await open(t));
  for (const path of ["/balance", "/transfers", "/payees"]) {
    const answer = await visitor.api(path, undefined);
    assert.equal(answer.status, 401);
    assert.equal(answer.headers["www-authenticate"], 'Bearer realm="bank"');
  }
});

test("the balance takes a password", async (t) => {
  const alice = new Visitor(await open(t));
  const { access_token: token } = await alice.signIn();
  const answer = await alice.api("/balance", token);
  assert.equal(answer.status, 200);
  assert.deepEqual(JSON.parse(answer.text), { owner: "alice", iban: "DE89370400440532013000", amount: 482_350, currency: "EUR" });
});

test("a transfer demands AL3 within 60 s, and names the scope that is missing as well", async (t) => {
  const alice = new Visitor(await open(t));
  const weak = await alice.signIn();
  const answer = await alice.api("/transfers", weak.access_token, { json: RENT });
  assert.equal(answer.status, 401);
  assert.equal(answer.headers["www-authenticate"], 'Bearer realm="bank", error="insufficient_user_authentication", '
    + 'error_description="A stronger or more recent authentication is needed", acr_values="AL3", max_age="60", scope="transfers:write"');
  const wider = await alice.tokens(await alice.authorize({ scope: EVERYTHING }));
  const again = await alice.api("/transfers", wider.access_token, { json: RENT });
  assert.match(again.headers["www-authenticate"] ?? "", /acr_values="AL3", max_age="60"$/);
  assert.deepEqual((await alice.control("/ledger")).value, []);
});

test("with a fresh passkey the transfer is made, exactly once", async (t) => {
  const { alice, token } = await strong(t);
  const answer = await alice.api("/transfers", token, { json: RENT });
  assert.equal(answer.status, 201, answer.text);
  const ledger = (await alice.control("/ledger")).value;
  assert.equal(ledger.length, 1);
  assert.equal(ledger[0].amount, 50_000);
  assert.equal(ledger[0].user, "alice");
  assert.deepEqual(JSON.parse((await alice.api("/transfers", token)).text), ledger);
  assert.equal(JSON.parse((await alice.api("/balance", token)).text).amount, 432_350);
});

test("the API describes itself, and its challenges say where", async (t) => {
  const alice = new Visitor(await open(t, { describe: {} }));
  const answer = await alice.api("/balance", undefined);
  const place = `${alice.at.api}/.well-known/oauth-protected-resource`;
  assert.equal(answer.headers["www-authenticate"], `Bearer realm="bank", resource_metadata="${place}"`);
  const { headers, text } = await alice.send(place, { headers: { Origin: alice.at.app } });
  assert.equal(headers["access-control-allow-origin"], alice.at.app);
  const { resource, authorization_servers: servers, scopes_supported: scopes } = JSON.parse(text);
  assert.deepEqual([resource, servers, scopes.includes("transfers:write")], [alice.at.api, [alice.at.issuer], true]);
});

test("a passkey older than 60 s is not enough", async (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() });
  const { alice, token } = await strong(t);
  t.mock.timers.tick(60_000);
  assert.equal((await alice.api("/transfers", token, { json: RENT })).status, 201);
  t.mock.timers.tick(1000);
  assert.equal((await alice.api("/transfers", token, { json: RENT })).status, 401);
});

test("the same idempotency key makes the same transfer", async (t) => {
  const { alice, token } = await strong(t);
  const headers = { "Idempotency-Key": "one" };
  const first = await alice.api("/transfers", token, { json: RENT, headers });
  const second = await alice.api("/transfers", token, { json: RENT, headers });
  assert.equal(second.text, first.text);
  assert.equal((await alice.control("/ledger")).value.length, 1);
  const other = await alice.api("/transfers", token, { json: { ...RENT, amount: 1 }, headers });
  assert.equal(other.status, 422);
});

test("an expired, foreign or broken token is invalid_token", async (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() });
  const alice = new Visitor(await open(t));
  const { access_token: token, id_token: idToken } = await alice.signIn();
  const foreign = await new Visitor(await open(t)).signIn();
  for (const bad of [`${token.slice(0, -4)}AAAA`, foreign.access_token, idToken, "x", `${token} ${token}`]) {
    const answer = await alice.api("/balance", bad);
    assert.equal(answer.status, 401);
    assert.match(answer.headers["www-authenticate"] ?? "", /^Bearer realm="bank", error="invalid_token"/);
  }
  t.mock.timers.tick(301_000);
  assert.match((await alice.api("/balance", token)).headers["www-authenticate"] ?? "", /error="invalid_token", error_description="The access token expired"/);
});

test("a new payee takes a scope: 403 insufficient_scope until it is there", async (t) => {
  const alice = new Visitor(await open(t));
  const { access_token: token } = await alice.signIn();
  const payee = { name: "Water", iban: "BE68 5390 0754 7034" };
  const refused = await alice.api("/payees", token, { json: payee });
  assert.equal(refused.status, 403);
  assert.equal(refused.headers["www-authenticate"],
    'Bearer realm="bank", error="insufficient_scope", error_description="The token lacks a scope", scope="payees:write"');
  const wider = await alice.tokens(await alice.authorize({ scope: "openid accounts:read payees:write" }));
  const added = await alice.api("/payees", wider.access_token, { json: payee });
  assert.equal(added.status, 201);
  assert.equal(JSON.parse(added.text).iban, "BE68539007547034");
  assert.equal((await alice.api("/payees", wider.access_token, { json: payee })).status, 409);
});

test("what is sent is checked", async (t) => {
  const { alice, token } = await strong(t);
  /** @type {[string, object, number][]} */
  const cases = [
    ["/transfers", { json: { payee: "nobody", amount: 1 } }, 422],
    ["/transfers", { json: { payee: "rent", amount: 0 } }, 422],
    ["/transfers", { json: { payee: "rent", amount: 1.5 } }, 422],
    ["/transfers", { json: { payee: "rent", amount: "1" } }, 422],
    ["/transfers", { json: { payee: "rent", amount: 1_000_001 } }, 422],
    ["/transfers", { json: { payee: "rent", amount: 482_351 } }, 422],
    ["/transfers", { json: { payee: "rent", amount: 1, from: "bob" } }, 422],
    ["/transfers", { json: [RENT] }, 400],
    ["/transfers", { method: "POST", body: "{", headers: { "Content-Type": "application/json" } }, 400],
    ["/transfers", { method: "POST", body: JSON.stringify(RENT), headers: { "Content-Type": "text/plain" } }, 415],
    ["/transfers", { method: "POST", body: "x".repeat(70_000), headers: { "Content-Type": "application/json" } }, 413],
    ["/transfers", { json: RENT, headers: { "Idempotency-Key": "with space" } }, 400],
    ["/payees", { json: { name: "", iban: "BE68539007547034" } }, 422],
    ["/payees", { json: { name: "Water", iban: "BE69539007547034" } }, 422],
    ["/payees", { json: { name: "a\u0000b", iban: "BE68539007547034" } }, 422],
    ["/balance", { method: "DELETE" }, 405],
    ["/nothing", {}, 404],
    ["/constructor", {}, 404],
  ];
  for (const [path, init, status] of cases) {
    assert.equal((await alice.api(path, token, init)).status, status, JSON.stringify([path, init]).slice(0, 120));
  }
  assert.deepEqual((await alice.control("/ledger")).value, []);
});

test("a preflight of the app is answered, another page's is not", async (t) => {
  const at = await open(t);
  const visitor = new Visitor(at);
  const preflight = (/** @type {string} */ origin) => visitor.send(`${at.api}/transfers`, {
    method: "OPTIONS",
    headers: { Origin: origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type" },
  });
  const answer = await preflight(at.app);
  assert.equal(answer.status, 204);
  assert.equal(answer.headers["access-control-allow-origin"], at.app);
  assert.equal(answer.headers["access-control-allow-headers"], "Authorization, Content-Type, DPoP, Idempotency-Key");
  assert.equal(answer.headers["access-control-max-age"], "600");
  assert.equal(answer.headers.vary, "Origin, Access-Control-Request-Method, Access-Control-Request-Headers");
  const other = await preflight("http://evil.localhost");
  assert.equal(other.status, 403);
  assert.equal(other.headers["access-control-allow-origin"], undefined);
});

test("the challenge is readable across origins unless the option hides it", async (t) => {
  const alice = new Visitor(await open(t));
  const read = async () => (await alice.api("/balance", undefined)).headers;
  assert.equal((await read())["access-control-expose-headers"], "WWW-Authenticate, DPoP-Nonce");
  assert.equal((await read())["access-control-allow-origin"], alice.at.app);
  assert.equal((await read()).vary, "Origin");
  await alice.control("/options", { exposeChallenge: false });
  assert.equal((await read())["access-control-expose-headers"], undefined);
  assert.ok((await read())["www-authenticate"]);
});

test("the echo tells what arrived, part by part", async (t) => {
  const { alice, token } = await strong(t);
  assert.equal((await alice.api("/echo", undefined, { json: {} })).status, 401);
  const content = Buffer.from("\r\n--x\u0000ÿ");
  const body = Buffer.concat([
    Buffer.from('--b0\r\nContent-Disposition: form-data; name="a"\r\n\r\none\r\n--b0\r\n'
      + 'Content-Disposition: form-data; name="f"; filename="f.bin"\r\nContent-Type: application/octet-stream\r\n\r\n'),
    content, Buffer.from("\r\n--b0--\r\n"),
  ]);
  const answer = await alice.api("/echo", token, { method: "PUT", body, headers: { "Content-Type": "multipart/form-data; boundary=b0", "X-Tag": "1" } });
  const echo = JSON.parse(answer.text);
  const sha256 = (/** @type {Buffer | string} */ data) => createHash("sha256").update(data).digest("hex");
  assert.equal(echo.method, "PUT");
  assert.equal(echo.headers["x-tag"], "1");
  assert.equal(echo.sha256, sha256(body));
  assert.deepEqual(echo.parts, [
    { name: "a", sha256: sha256("one"), size: 3 },
    { name: "f", filename: "f.bin", type: "application/octet-stream", sha256: sha256(content), size: content.length },
  ]);
});

test("the probes answer as they are named", async (t) => {
  const { alice, token } = await strong(t);
  /** @param {string} path */
  const probe = async (path) => {
    const { status, headers } = await alice.api(path, token);
    return [status, headers["www-authenticate"] ?? headers.location];
  };
  const al3 = /error="insufficient_user_authentication".*acr_values="AL3"/;
  assert.deepEqual(await probe("/unauthorized"), [401, 'Bearer realm="bank", error="invalid_token"']);
  assert.deepEqual(await probe("/bare"), [401, undefined]);
  assert.deepEqual(await probe("/redirect?to=http%3A%2F%2Fx.localhost%2F"), [302, "http://x.localhost/"]);
  assert.deepEqual(await probe("/forbidden"), [403, 'Bearer realm="bank", error="insufficient_scope", scope="payees:write"']);
  const seen = [await probe("/teapot"), await probe("/loop"), await probe("/loop"), await probe("/alternate"), await probe("/alternate"), await probe("/alternate")];
  assert.deepEqual(seen.map(([status]) => status), [418, 401, 401, 401, 401, 401]);
  for (const [, header] of seen.slice(0, 3)) assert.match(String(header), al3);
  assert.deepEqual(seen.slice(3).map(([, header]) => /acr_values="(...)"/.exec(String(header))?.[1]), ["AL2", "AL3", "AL2"]);
});

test("a token that was revoked is invalid, and what a refresh token gives instead is not", async (t) => {
  const alice = new Visitor(await open(t));
  const first = await alice.signIn();
  assert.equal((await alice.api("/balance", first.access_token)).status, 200);
  assert.equal((await alice.control("/revoke", {})).status, 204);
  const answer = await alice.api("/balance", first.access_token);
  assert.equal(answer.status, 401);
  assert.match(answer.headers["www-authenticate"] ?? "", /error="invalid_token"/);
  const second = await alice.redeem({ grant_type: "refresh_token", refresh_token: first.refresh_token });
  assert.equal((await alice.api("/balance", second.access_token)).status, 200);
});

test("one operation takes each token once", async (t) => {
  const { alice, token } = await strong(t);
  assert.equal((await alice.api("/once", token)).status, 200);
  const again = await alice.api("/once", token);
  assert.equal(again.status, 401);
  assert.match(again.headers["www-authenticate"] ?? "", /error="invalid_token"/);
});
