import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeJwt } from "jose";
import { Authenticator } from "./authenticator.js";
import { open, parameters, titleOf, Visitor } from "./bank.js";

const SCOPE = "openid accounts:read passkeys:write";

/**
 * Alice with a password and a code, as adding a passkey demands.
 * @param {import("node:test").TestContext} t
 * @param {object} [options]
 */
async function withCode(t, options = {}) {
  const alice = new Visitor(await open(t, options));
  await alice.signIn();
  const end = await alice.code(await alice.authorize({ scope: SCOPE, acr_values: "AL2", max_age: "300" }));
  return { alice, token: (await alice.tokens(end)).access_token };
}

test("adding a passkey is a step-up itself: AL2, at most five minutes old, and a scope of its own", async (t) => {
  const alice = new Visitor(await open(t));
  const { access_token: token } = await alice.signIn();
  for (const path of ["/passkeys/options", "/passkeys"]) {
    const answer = await alice.api(path, token, { json: {} });
    assert.equal(answer.status, 401);
    assert.match(answer.headers["www-authenticate"] ?? "", /acr_values="AL2", max_age="300", scope="passkeys:write"$/);
  }
  const page = await alice.authorize({ scope: SCOPE, acr_values: "AL2", max_age: "300" });
  assert.equal(titleOf(page), "Enter the code");
  assert.ok(parameters(await alice.code(page)).code, "and the provider does not offer to add one on its own");
});

test("a passkey made in the app's page is listed, and confirms from then on", async (t) => {
  const { alice, token } = await withCode(t);
  assert.deepEqual(JSON.parse((await alice.api("/passkeys", token)).text), []);
  const options = JSON.parse((await alice.api("/passkeys/options", token, { json: {} })).text);
  assert.equal(options.rp.id, "bank.localhost");
  assert.equal(options.user.name, "alice");
  assert.deepEqual(options.excludeCredentials, []);
  assert.equal(options.authenticatorSelection.userVerification, "required");
  const key = new Authenticator();
  const added = await alice.api("/passkeys", token, { json: key.create(options, alice.at.app) });
  assert.equal(added.status, 201, added.text);
  assert.equal(JSON.parse(added.text).id, key.id);
  assert.ok(Math.abs(JSON.parse(added.text).at - Date.now()) < 10_000);
  assert.deepEqual(JSON.parse((await alice.api("/passkeys", token)).text), [JSON.parse(added.text)]);

  const again = JSON.parse((await alice.api("/passkeys/options", token, { json: {} })).text);
  assert.deepEqual(again.excludeCredentials.map((/** @type {any} */ { id }) => id), [key.id]);
  const { publicKey, auth_session } = (await alice.form("/passkey/options", { nonce: "n", login_hint: "alice" })).value;
  const { value } = await alice.form("/token", {
    grant_type: "urn:bank:passkey", nonce: "n", scope: "openid", auth_session, credential: JSON.stringify(key.get(publicKey, alice.at.app)),
  });
  assert.equal(decodeJwt(value.id_token).acr, "AL3");
});

test("a registration that does not hold adds nothing", async (t) => {
  const { alice, token } = await withCode(t);
  const key = new Authenticator();
  const ask = async () => JSON.parse((await alice.api("/passkeys/options", token, { json: {} })).text);
  const send = (/** @type {unknown} */ credential) => alice.api("/passkeys", token, { json: credential });
  const used = key.create(await ask(), "http://evil.bank.localhost");
  const wrong = [
    used, used, {},
    key.create({ ...(await ask()), challenge: "AAAA" }, alice.at.app),
    key.create({ ...(await ask()), rp: { id: "evil.localhost" } }, alice.at.app),
    new Authenticator({ verifies: false }).create(await ask(), alice.at.app),
    key.get({ ...(await ask()), rpId: "bank.localhost" }, alice.at.app),
  ];
  for (const credential of wrong) assert.equal((await send(credential)).status, 422, JSON.stringify(credential).slice(0, 80));
  assert.deepEqual(JSON.parse((await alice.api("/passkeys", token)).text), []);
  assert.equal((await send(key.create(await ask(), alice.at.app))).status, 201);
  assert.equal((await send(key.create(await ask(), alice.at.app))).status, 422, "one that is known already");
});

test("a challenge for adding a passkey is its user's only", async (t) => {
  const { alice, token } = await withCode(t);
  const key = new Authenticator();
  const bobs = new Authenticator();
  await alice.control("/options", { passkeys: [bobs.seed("bob")] });
  const bob = new Visitor(alice.at);
  const his = await bob.tokens(await bob.passkey(await bob.authorize({ scope: SCOPE }), bobs));
  const options = JSON.parse((await alice.api("/passkeys/options", token, { json: {} })).text);
  assert.equal((await bob.api("/passkeys", his.access_token, { json: key.create(options, alice.at.app) })).status, 422);
});

test("through the backend-for-frontend it is the same", async (t) => {
  const alice = new Visitor(await open(t));
  await alice.password(await alice.login());
  const challenge = await alice.bff("/api/passkeys/options", {});
  assert.match(challenge.headers["www-authenticate"] ?? "", /acr_values="AL2"/);
  await alice.code(await alice.login({ acr_values: "AL2", max_age: "300", scope: "passkeys:write" }));
  const options = await alice.bff("/api/passkeys/options", {});
  assert.equal(options.status, 200, options.text);
  const key = new Authenticator();
  assert.equal((await alice.bff("/api/passkeys", key.create(options.value, alice.at.app))).status, 201);
  assert.deepEqual((await alice.bff("/api/passkeys")).value.map((/** @type {any} */ { id }) => id), [key.id]);
});
