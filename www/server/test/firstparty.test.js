import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import { decodeJwt } from "jose";
import { Authenticator } from "./authenticator.js";
import { open, parameters, Visitor } from "./bank.js";

const verifier = randomBytes(32).toString("base64url");
const FIRST = {
  response_type: "code", scope: "openid accounts:read transfers:write", nonce: "n-1", acr_values: "AL3", max_age: "60",
  code_challenge: createHash("sha256").update(verifier).digest("base64url"), code_challenge_method: "S256",
};
const CHALLENGE = "/authorize-challenge";

/**
 * @param {import("node:test").TestContext} t
 * @param {object} [options]
 */
async function withPasskey(t, options = {}) {
  const key = new Authenticator();
  const alice = new Visitor(await open(t, { passkeys: [key.seed()], ...options }));
  const { id_token } = await alice.signIn();
  return { alice, key, first: { ...FIRST, id_token_hint: id_token } };
}

/**
 * @param {Awaited<ReturnType<Visitor["form"]>>} answer
 * @param {string} error
 */
function refused({ status, value }, error) {
  assert.equal(status, 400, JSON.stringify(value));
  assert.equal(value.error, error, JSON.stringify(value));
  assert.equal(value.authorization_code, undefined);
  return value;
}

/**
 * The whole way to a code.
 * @param {Awaited<ReturnType<typeof withPasskey>>} parts
 */
async function code({ alice, key, first }) {
  const { auth_session, publicKey } = refused(await alice.form(CHALLENGE, first), "insufficient_authorization");
  const { status, value } = await alice.form(CHALLENGE, { auth_session, credential: JSON.stringify(key.get(publicKey, alice.at.app)) });
  assert.equal(status, 200, JSON.stringify(value));
  return String(value.authorization_code);
}

test("a passkey in the page gives a code, and the code tokens, without any redirect", async (t) => {
  const parts = await withPasskey(t);
  const { alice } = parts;
  const tokens = await alice.redeem({ grant_type: "authorization_code", code: await code(parts), code_verifier: verifier });
  assert.equal(tokens.id.sub, "alice");
  assert.equal(tokens.id.nonce, "n-1");
  assert.equal(tokens.id.acr, "AL3");
  assert.deepEqual(tokens.id.amr, ["pop", "hwk", "user", "mfa"]);
  assert.ok(Math.abs(tokens.id.auth_time - Date.now() / 1000) < 10);
  assert.equal(tokens.access.scope, "accounts:read transfers:write");
  assert.equal(tokens.access.aud, alice.at.api);
  assert.equal((await alice.api("/transfers", tokens.access_token, { json: { payee: "rent", amount: 1 } })).status, 201);
});

test("the metadata has the endpoint, and the app's page may read its answers", async (t) => {
  const { alice, first } = await withPasskey(t);
  const { text } = await alice.send(`${alice.at.issuer}/.well-known/openid-configuration`);
  assert.equal(JSON.parse(text).authorization_challenge_endpoint, `${alice.at.issuer}/authorize-challenge`);
  assert.equal((await alice.form(CHALLENGE, first)).headers["access-control-allow-origin"], alice.at.app);
});

test("the code is for its verifier, its client and one time, and for no redirect", async (t) => {
  const parts = await withPasskey(t);
  const { alice } = parts;
  const redeem = (/** @type {Record<string, string>} */ fields) => alice.form("/token", { grant_type: "authorization_code", ...fields });
  refused(await redeem({ code: await code(parts), code_verifier: randomBytes(32).toString("base64url") }), "invalid_grant");
  refused(await redeem({ code: await code(parts) }), "invalid_grant");
  refused(await redeem({ code: await code(parts), code_verifier: verifier, redirect_uri: `${alice.at.app}/stepup/callback.html` }), "invalid_grant");
  const once = { code: await code(parts), code_verifier: verifier };
  assert.equal((await redeem(once)).status, 200);
  refused(await redeem(once), "invalid_grant");
  // And a code that came by a redirect is not redeemed without it.
  const byRedirect = parameters(await alice.authorize()).code ?? "";
  refused(await redeem({ code: byRedirect, code_verifier: alice.verifier ?? "" }), "invalid_grant");
});

test("an auth_session that is unknown, used, expired or of another client is invalid", async (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() });
  const { alice, key, first } = await withPasskey(t);
  refused(await alice.form(CHALLENGE, { ...first, auth_session: "guess" }), "invalid_session");
  const { auth_session, publicKey } = (await alice.form(CHALLENGE, first)).value;
  const next = refused(await alice.form(CHALLENGE, { auth_session }), "insufficient_authorization");
  assert.notEqual(next.auth_session, auth_session);
  const credential = JSON.stringify(key.get(publicKey, alice.at.app));
  refused(await alice.form(CHALLENGE, { auth_session, credential }), "invalid_session");
  t.mock.timers.tick(301_000);
  refused(await alice.form(CHALLENGE, { auth_session: next.auth_session }), "invalid_session");
});

test("an assertion that does not hold is asked for again, with another challenge", async (t) => {
  const { alice, key, first } = await withPasskey(t);
  const one = (await alice.form(CHALLENGE, first)).value;
  const forged = JSON.stringify(key.get(one.publicKey, "http://evil.bank.localhost"));
  const two = refused(await alice.form(CHALLENGE, { auth_session: one.auth_session, credential: forged }), "insufficient_authorization");
  assert.notEqual(two.publicKey.challenge, one.publicKey.challenge);
  // Another request's assertion is good for its own only.
  const other = (await alice.form(CHALLENGE, first)).value;
  const crossed = JSON.stringify(key.get(other.publicKey, alice.at.app));
  refused(await alice.form(CHALLENGE, { auth_session: two.auth_session, credential: crossed }), "insufficient_authorization");
});

test("what was asked for first cannot be changed later", async (t) => {
  const { alice, key, first } = await withPasskey(t);
  for (const [name, value] of Object.entries({ nonce: "n-2", code_challenge: "x".repeat(43), scope: "openid payees:write", acr_values: "AL1", resource: alice.at.api })) {
    const { auth_session, publicKey } = (await alice.form(CHALLENGE, first)).value;
    const credential = JSON.stringify(key.get(publicKey, alice.at.app));
    refused(await alice.form(CHALLENGE, { auth_session, credential, [name]: value }), "invalid_request");
  }
  const { auth_session, publicKey } = (await alice.form(CHALLENGE, first)).value;
  const same = await alice.form(CHALLENGE, { ...first, auth_session, credential: JSON.stringify(key.get(publicKey, alice.at.app)) });
  assert.equal(same.status, 200, "repeating it is fine");
});

test("a user without a passkey goes on in a window", async (t) => {
  const alice = new Visitor(await open(t));
  const { id_token } = await alice.signIn();
  refused(await alice.form(CHALLENGE, { ...FIRST, id_token_hint: id_token }), "redirect_to_web");
});

test("without user verification the code says less", async (t) => {
  const key = new Authenticator({ verifies: false });
  const alice = new Visitor(await open(t, { passkeys: [key.seed()], userVerification: "preferred" }));
  const parts = { alice, key, first: { ...FIRST, id_token_hint: (await alice.signIn()).id_token } };
  const answer = await alice.form("/token", { grant_type: "authorization_code", code: await code(parts), code_verifier: verifier });
  assert.equal(decodeJwt(answer.value.id_token).acr, "AL1");
});

test("a request that is not well-formed is refused", async (t) => {
  const { alice, first } = await withPasskey(t);
  /** @type {[Record<string, string>, string][]} */
  const wrong = [
    [{ response_type: "token" }, "unsupported_response_type"],
    [{ code_challenge_method: "plain" }, "invalid_request"],
    [{ code_challenge: "short" }, "invalid_request"],
    [{ max_age: "soon" }, "invalid_request"],
    [{ acr_values: "urn:else" }, "unmet_authentication_requirements"],
    [{ resource: "http://other.localhost" }, "invalid_target"],
  ];
  for (const [fields, error] of wrong) refused(await alice.form(CHALLENGE, { ...first, ...fields }), error);
  const { auth_session } = (await alice.form(CHALLENGE, first)).value;
  refused(await alice.form(CHALLENGE, { auth_session, credential: "{" }), "invalid_request");
});
