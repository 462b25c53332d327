import assert from "node:assert/strict";
import { test } from "node:test";
import { createLocalJWKSet, decodeJwt, jwtVerify } from "jose";
import { Ceremonies } from "../ceremonies.js";
import { Challenges } from "../challenges.js";
import { addresses } from "../hosts.js";
import { defaultOptions } from "../options.js";
import { Passkeys } from "../passkeys.js";
import { Authenticator } from "./authenticator.js";
import { open, Visitor } from "./bank.js";

const GRANT = "urn:bank:passkey";
const WIDE = "openid accounts:read transfers:write";

/**
 * Alice, signed in with her password, and her passkey.
 * @param {import("node:test").TestContext} t
 * @param {{ options?: object, key?: Authenticator }} [given]
 */
async function withPasskey(t, { options = {}, key = new Authenticator() } = {}) {
  const alice = new Visitor(await open(t, { passkeys: [key.seed()], ...options }));
  const { id_token: hint } = await alice.signIn();
  return { alice, key, hint, ask: { nonce: "n-1", scope: WIDE, acr_values: "AL3", max_age: "60", id_token_hint: hint } };
}

/**
 * The token request that answers some options.
 * @param {Visitor} visitor
 * @param {unknown} credential
 * @param {Record<string, string>} [fields]
 */
function prove(visitor, credential, fields = {}) {
  return visitor.form("/token", {
    grant_type: GRANT, nonce: "n-1", scope: WIDE, acr_values: "AL3", max_age: "60", credential: JSON.stringify(credential), ...fields,
  });
}

/** @param {Awaited<ReturnType<typeof prove>>} answer */
function refused({ status, value }, error = "invalid_grant") {
  assert.equal(status, 400, JSON.stringify(value));
  assert.equal(value.error, error);
  assert.equal(value.access_token, undefined);
}

test("an assertion made in the app's page is traded for tokens that tell of it", async (t) => {
  const { alice, key, ask } = await withPasskey(t);
  const options = await alice.form("/passkey/options", ask);
  assert.equal(options.status, 200, JSON.stringify(options.value));
  const { publicKey, auth_session } = options.value;
  assert.equal(publicKey.rpId, "bank.localhost");
  assert.equal(publicKey.userVerification, "required");
  assert.deepEqual(publicKey.allowCredentials.map((/** @type {any} */ { id }) => id), [key.id]);

  const answer = await prove(alice, key.get(publicKey, alice.at.app), { auth_session });
  assert.equal(answer.status, 200, JSON.stringify(answer.value));
  assert.equal(answer.headers["cache-control"], "no-store");
  const jwks = createLocalJWKSet(JSON.parse((await alice.send(`${alice.at.issuer}/jwks`)).text));
  const { payload } = await jwtVerify(answer.value.id_token, jwks, { issuer: alice.at.issuer, audience: "bank-spa", algorithms: ["RS256"] });
  assert.equal(payload.sub, "alice");
  assert.equal(payload.nonce, "n-1");
  assert.equal(payload.acr, "AL3");
  assert.deepEqual(payload.amr, ["pop", "hwk", "user", "mfa"]);
  assert.ok(Math.abs(Number(payload.auth_time) - Date.now() / 1000) < 10);
  const access = decodeJwt(answer.value.access_token);
  assert.equal(access.acr, "AL3");
  assert.equal(access.aud, alice.at.api);
  assert.equal(access.scope, "accounts:read transfers:write");
  assert.equal(access.auth_time, payload.auth_time);
  const sent = await alice.api("/transfers", answer.value.access_token, { json: { payee: "rent", amount: 1 } });
  assert.equal(sent.status, 201, sent.text);
});

test("the provider's own origin counts as well, any other does not", async (t) => {
  const { alice, key, ask } = await withPasskey(t);
  for (const [origin, status] of /** @type {const} */ ([
    [alice.at.issuer, 200], [alice.at.api, 400], ["http://evil.bank.localhost", 400], [alice.at.app.replace("http:", "https:"), 400],
  ])) {
    const { publicKey, auth_session } = (await alice.form("/passkey/options", ask)).value;
    assert.equal((await prove(alice, key.get(publicKey, origin), { auth_session })).status, status, origin);
  }
});

test("a challenge is answered once, right or wrong", async (t) => {
  const { alice, key, ask } = await withPasskey(t);
  const first = (await alice.form("/passkey/options", ask)).value;
  const good = key.get(first.publicKey, alice.at.app);
  assert.equal((await prove(alice, good, { auth_session: first.auth_session })).status, 200);
  refused(await prove(alice, good, { auth_session: first.auth_session }));

  const { publicKey, auth_session } = (await alice.form("/passkey/options", ask)).value;
  refused(await prove(alice, key.get(publicKey, "http://evil.bank.localhost"), { auth_session }));
  refused(await prove(alice, key.get(publicKey, alice.at.app), { auth_session }));
});

test("a challenge that nobody gave out, or of long ago, is refused", async (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() });
  const { alice, key, ask } = await withPasskey(t, { options: { challengeTtl: 20 } });
  const { publicKey, auth_session } = (await alice.form("/passkey/options", ask)).value;
  refused(await prove(alice, key.get({ ...publicKey, challenge: "AAAA" }, alice.at.app), { auth_session }));
  t.mock.timers.tick(21_000);
  refused(await prove(alice, key.get(publicKey, alice.at.app), { auth_session }));
  const again = (await alice.form("/passkey/options", ask)).value;
  t.mock.timers.tick(20_000);
  assert.equal((await prove(alice, key.get(again.publicKey, alice.at.app), { auth_session: again.auth_session })).status, 200);
});

test("a signature of another key, and a passkey nobody knows, are refused", async (t) => {
  const { alice, key, ask } = await withPasskey(t);
  const [forger, unknown] = [new Authenticator(), new Authenticator()];
  forger.id = key.id;
  for (const other of [forger, unknown]) {
    const { publicKey, auth_session } = (await alice.form("/passkey/options", ask)).value;
    refused(await prove(alice, other.get(publicKey, alice.at.app), { auth_session }));
  }
});

test("only the user of the hint may answer, and without a hint whoever has a passkey", async (t) => {
  const his = new Authenticator();
  const { alice, key, hint } = await withPasskey(t);
  await alice.control("/options", { passkeys: [his.seed("bob")] });
  const ask = { nonce: "n-1", scope: WIDE };
  for (const [name, value] of /** @type {const} */ ([["id_token_hint", hint], ["login_hint", "alice"]])) {
    const { publicKey, auth_session } = (await alice.form("/passkey/options", { ...ask, [name]: value })).value;
    assert.deepEqual(publicKey.allowCredentials.map((/** @type {any} */ { id }) => id), [key.id]);
    refused(await prove(alice, his.get(publicKey, alice.at.app), { auth_session }));
  }
  const anybody = (await alice.form("/passkey/options", ask)).value;
  assert.deepEqual(anybody.publicKey.allowCredentials, []);
  const answer = await prove(alice, his.get(anybody.publicKey, alice.at.app), { auth_session: anybody.auth_session });
  assert.equal(decodeJwt(answer.value.id_token).sub, "bob");
  await alice.control("/options", { hints: "ignore" });
  assert.deepEqual((await alice.form("/passkey/options", { ...ask, id_token_hint: hint })).value.publicKey.allowCredentials, []);
});

test("a hint that is not this provider's for this client is refused", async (t) => {
  const { alice, ask } = await withPasskey(t);
  const foreign = await new Visitor(await open(t)).signIn();
  for (const wrong of [foreign.id_token, "x.y.z", ask.id_token_hint.slice(0, -4) + "AAAA"]) {
    refused(await alice.form("/passkey/options", { ...ask, id_token_hint: wrong }), "invalid_request");
  }
});

test("the assertion goes with the nonce and the auth_session of its options", async (t) => {
  const { alice, key, ask } = await withPasskey(t);
  const other = (await alice.form("/passkey/options", ask)).value;
  for (const [name, value] of /** @type {const} */ ([["nonce", "n-2"], ["auth_session", other.auth_session], ["auth_session", ""]])) {
    const { publicKey, auth_session } = (await alice.form("/passkey/options", ask)).value;
    refused(await prove(alice, key.get(publicKey, alice.at.app), { auth_session, [name]: value }));
  }
});

test("a client that keeps a secret must show it", async (t) => {
  const { alice, key } = await withPasskey(t);
  const ask = { nonce: "n-1", login_hint: "alice" };
  const guess = { Authorization: `Basic ${Buffer.from("bank-bff:guess").toString("base64")}` };
  for (const [client_id, headers] of /** @type {[string, {}][]} */ ([["bank-bff", {}], ["bank-bff", guess], ["bank-spa", guess], ["nobody", {}]])) {
    assert.equal((await alice.form("/passkey/options", { ...ask, client_id }, headers)).status, 401, client_id);
  }
  const { publicKey, auth_session } = (await alice.form("/passkey/options", ask)).value;
  const stolen = await prove(alice, key.get(publicKey, alice.at.app), { auth_session, client_id: "bank-bff" });
  assert.equal(stolen.value.access_token, undefined);
});

test("an assertion for one client is nothing to the other, and a registration's challenge none at all", async () => {
  const at = addresses(8080, "auth.bank.localhost");
  const options = defaultOptions();
  const key = new Authenticator();
  const passkeys = new Passkeys(at);
  passkeys.seed([key.seed()]);
  const ceremonies = new Ceremonies({ at, options, passkeys, challenges: new Challenges(options) });
  const ask = async () => {
    const request = await ceremonies.request({ client: "a", user: "alice" });
    assert.ok(request);
    return { credential: key.get(request.publicKey, at.app), authSession: request.auth_session };
  };
  const [first, second] = [await ask(), await ask()];
  await assert.rejects(ceremonies.prove(first.credential, { client: "b", authSession: first.authSession }), /for something else/);
  assert.equal((await ceremonies.prove(second.credential, { client: "a", authSession: second.authSession })).user, "alice");
  const creation = await ceremonies.creation({ client: "a", account: { id: "alice", name: "Alice", codes: true } });
  await assert.rejects(ceremonies.prove(key.get({ ...creation, rpId: "bank.localhost" }, at.app), { client: "a" }), /for something else/);
});

test("without user verification there is no token, or one that says less", async (t) => {
  const { alice, key, ask } = await withPasskey(t, { key: new Authenticator({ verifies: false }) });
  const strict = (await alice.form("/passkey/options", ask)).value;
  refused(await prove(alice, key.get(strict.publicKey, alice.at.app), { auth_session: strict.auth_session }));

  await alice.control("/options", { userVerification: "preferred" });
  const lax = (await alice.form("/passkey/options", ask)).value;
  assert.equal(lax.publicKey.userVerification, "preferred");
  const answer = await prove(alice, key.get(lax.publicKey, alice.at.app), { auth_session: lax.auth_session });
  assert.equal(answer.status, 200, JSON.stringify(answer.value));
  for (const token of [answer.value.id_token, answer.value.access_token]) {
    assert.equal(decodeJwt(token).acr, "AL1");
    assert.deepEqual(decodeJwt(token).amr, ["pop", "hwk"]);
  }
  assert.equal((await alice.api("/transfers", answer.value.access_token, { json: { payee: "rent", amount: 1 } })).status, 401);
});

test("the acr told is one that was asked for", async (t) => {
  const { alice, key, ask } = await withPasskey(t);
  for (const [acr_values, told] of /** @type {const} */ ([["AL2", "AL2"], ["AL2 AL3", "AL3"], ["urn:else AL1", "AL1"]])) {
    const { publicKey, auth_session } = (await alice.form("/passkey/options", { ...ask, acr_values })).value;
    const answer = await prove(alice, key.get(publicKey, alice.at.app), { auth_session, acr_values });
    assert.equal(decodeJwt(answer.value.id_token).acr, told);
  }
  refused(await alice.form("/passkey/options", { ...ask, acr_values: "urn:else" }), "unmet_authentication_requirements");
  await alice.control("/options", { assurance: "refuse" });
  refused(await alice.form("/passkey/options", ask), "unmet_authentication_requirements");
});

test("scopes that are not the client's are left out, and no ID token comes without openid", async (t) => {
  const { alice, key, ask } = await withPasskey(t);
  const { publicKey, auth_session } = (await alice.form("/passkey/options", ask)).value;
  const { value } = await prove(alice, key.get(publicKey, alice.at.app), { auth_session, scope: "accounts:read admin" });
  assert.equal(value.id_token, undefined);
  assert.equal(value.scope, "accounts:read");
  assert.equal(decodeJwt(value.access_token).scope, "accounts:read");
});

test("what a passkey proved is still told after a refresh", async (t) => {
  const { alice, key, ask } = await withPasskey(t);
  const { publicKey, auth_session } = (await alice.form("/passkey/options", ask)).value;
  const first = (await prove(alice, key.get(publicKey, alice.at.app), { auth_session })).value;
  const second = await alice.redeem({ grant_type: "refresh_token", refresh_token: first.refresh_token });
  assert.equal(second.access.acr, "AL3");
  assert.equal(second.access.auth_time, decodeJwt(first.access_token).auth_time);
  assert.equal(second.access.scope, "accounts:read transfers:write");
});

test("for a user without a passkey the options say to go on in a window", async (t) => {
  const alice = new Visitor(await open(t));
  const { id_token } = await alice.signIn();
  refused(await alice.form("/passkey/options", { nonce: "n", id_token_hint: id_token }), "redirect_to_web");
  refused(await alice.form("/passkey/options", { nonce: "n", login_hint: "nobody" }), "redirect_to_web");
});

test("a request that is not well-formed is refused", async (t) => {
  const { alice, key, ask } = await withPasskey(t);
  refused(await alice.form("/passkey/options", { scope: WIDE }), "invalid_request");
  refused(await alice.form("/passkey/options", { ...ask, max_age: "soon" }), "invalid_request");
  refused(await alice.form("/passkey/options", { ...ask, resource: "http://other.localhost" }), "invalid_target");
  const { publicKey, auth_session } = (await alice.form("/passkey/options", ask)).value;
  const credential = key.get(publicKey, alice.at.app);
  refused(await prove(alice, credential, { auth_session, resource: "http://other.localhost" }), "invalid_target");
  refused(await prove(alice, credential, { auth_session, credential: "{" }), "invalid_request");
  refused(await alice.form("/token", { grant_type: GRANT, credential: JSON.stringify(credential), auth_session }), "invalid_request");
  for (const strange of [null, [], "x", {}, { response: {} }, { ...credential, response: { clientDataJSON: "e30" } }]) {
    refused(await prove(alice, strange, { auth_session }));
  }
  const doubled = await alice.send(`${alice.at.issuer}/passkey/options`, {
    method: "POST", headers: { "Content-Type": "application/x-www-form-urlencoded" }, body: "client_id=bank-spa&nonce=1&nonce=2",
  });
  assert.equal(doubled.status, 400);
  assert.equal((await alice.send(`${alice.at.issuer}/passkey/options`)).status, 405);
});

test("the app's page may read the answers, without cookies; another page may not", async (t) => {
  const { alice, ask } = await withPasskey(t);
  const own = await alice.form("/passkey/options", ask);
  assert.equal(own.headers["access-control-allow-origin"], alice.at.app);
  assert.equal(own.headers["access-control-allow-credentials"], undefined);
  const other = await alice.form("/passkey/options", ask, { Origin: "http://evil.localhost" });
  assert.equal(other.status, 400);
  assert.equal(other.headers["access-control-allow-origin"], undefined);
});

test("the metadata names the grant type", async (t) => {
  const at = await open(t);
  const { text } = await new Visitor(at).send(`${at.issuer}/.well-known/openid-configuration`);
  assert.ok(JSON.parse(text).grant_types_supported.includes(GRANT));
});
