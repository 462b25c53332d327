import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeJwt } from "jose";
import { Authenticator } from "./authenticator.js";
import { open, Visitor } from "./bank.js";

const RENT = { payee: "rent", amount: 50_000 };

/**
 * The answer to a transfer with a password's token.
 * @param {Visitor} visitor
 * @param {string} [login]
 */
async function challenged(visitor, login = "alice") {
  const { access_token: token } = await visitor.signIn(login);
  const { status, headers, text } = await visitor.api("/transfers", token, { json: RENT });
  assert.equal(status, 401);
  assert.match(headers["www-authenticate"] ?? "", /error="insufficient_user_authentication"/);
  assert.equal(headers["content-type"], "application/problem+json");
  return JSON.parse(text);
}

/**
 * @param {Visitor} visitor
 * @param {unknown} credential
 * @param {Record<string, string>} fields
 */
function prove(visitor, credential, fields) {
  return visitor.form("/token", {
    grant_type: "urn:bank:passkey", nonce: "n-1", scope: "openid transfers:write", credential: JSON.stringify(credential), ...fields,
  });
}

test("with the option carry the challenge brings the user's passkey options along", async (t) => {
  const key = new Authenticator();
  const alice = new Visitor(await open(t, { carry: true, passkeys: [key.seed()] }));
  const { passkey, detail, status } = await challenged(alice);
  assert.equal(status, 401);
  assert.equal(detail, "a stronger or more recent authentication is needed");
  assert.deepEqual(passkey.publicKey.allowCredentials.map((/** @type {any} */ { id }) => id), [key.id]);
  const { status: ok, value } = await prove(alice, key.get(passkey.publicKey, alice.at.app), { auth_session: passkey.auth_session });
  assert.equal(ok, 200, JSON.stringify(value));
  assert.equal(decodeJwt(value.id_token).nonce, "n-1", "the nonce is the client's, who had none to say before");
  assert.equal((await alice.api("/transfers", value.access_token, { json: RENT })).status, 201);
});

test("carried options are for the user of the token only, and answered once", async (t) => {
  const [hers, his] = [new Authenticator(), new Authenticator()];
  const alice = new Visitor(await open(t, { carry: true, passkeys: [hers.seed(), his.seed("bob")] }));
  const first = (await challenged(alice)).passkey;
  assert.equal((await prove(alice, his.get(first.publicKey, alice.at.app), { auth_session: first.auth_session })).value.error, "invalid_grant");
  const second = (await challenged(alice)).passkey;
  const good = hers.get(second.publicKey, alice.at.app);
  assert.equal((await prove(alice, good, {})).value.error, "invalid_grant", "without its auth_session");
  const third = (await challenged(alice)).passkey;
  const fields = { auth_session: third.auth_session };
  const better = hers.get(third.publicKey, alice.at.app);
  assert.equal((await prove(alice, better, fields)).status, 200);
  assert.equal((await prove(alice, better, fields)).value.error, "invalid_grant");
});

test("nothing is carried for a user without a passkey, without the option, or by another refusal", async (t) => {
  const key = new Authenticator();
  const visitor = new Visitor(await open(t, { carry: true, passkeys: [key.seed()] }));
  assert.equal((await challenged(visitor, "bob")).passkey, undefined);
  const { access_token: token } = await new Visitor(visitor.at).signIn();
  assert.equal(JSON.parse((await visitor.api("/transfers", undefined, { json: RENT })).text).passkey, undefined);
  assert.equal(JSON.parse((await visitor.api("/payees", token, { json: { name: "Water", iban: "BE68539007547034" } })).text).passkey, undefined);
  await visitor.control("/options", { carry: false });
  assert.equal((await challenged(new Visitor(visitor.at))).passkey, undefined);
});
