import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeProtectedHeader } from "jose";
import { Authenticator } from "./authenticator.js";
import { ceremony, codeOn, open, parameters, titleOf, Visitor } from "./bank.js";

const essential = (/** @type {string[]} */ ...values) =>
  JSON.stringify({ id_token: { acr: { essential: true, ...(values.length > 1 ? { values } : { value: values[0] }) } } });

test("a password gives AL1, and both tokens say so", async (t) => {
  const alice = new Visitor(await open(t));
  const tokens = await alice.signIn();
  for (const token of [tokens.id, tokens.access]) {
    assert.equal(token.sub, "alice");
    assert.equal(token.acr, "AL1");
    assert.deepEqual(token.amr, ["pwd"]);
    assert.ok(Math.abs(token.auth_time - Date.now() / 1000) < 5);
  }
  assert.equal(tokens.id.nonce, alice.nonce);
  assert.equal(tokens.access.aud, alice.at.api);
  assert.equal(tokens.access.scope, "accounts:read");
  assert.equal(decodeProtectedHeader(tokens.access_token).typ, "at+jwt");
  assert.ok(tokens.refresh_token);
});

test("a step-up to AL2 asks for the code only", async (t) => {
  const alice = new Visitor(await open(t));
  await alice.signIn();
  const page = await alice.authorize({ acr_values: "AL2" });
  assert.equal(titleOf(page), "Enter the code");
  const offer = await alice.code(page);
  assert.equal(titleOf(offer), "Add a passkey?");
  const tokens = await alice.tokens(await alice.post(offer, { action: "decline" }));
  assert.equal(tokens.id.acr, "AL2");
  assert.deepEqual(tokens.access.amr, ["pwd", "otp", "mfa"]);
});

test("a step-up to AL3 asks for the passkey only", async (t) => {
  const key = new Authenticator();
  const alice = new Visitor(await open(t, { passkeys: [key.seed()] }));
  await alice.signIn();
  const page = await alice.authorize({ acr_values: "AL3", max_age: "60" });
  assert.equal(titleOf(page), "Confirm with your passkey");
  const tokens = await alice.tokens(await alice.passkey(page, key));
  assert.equal(tokens.access.acr, "AL3");
  assert.deepEqual(tokens.id.amr, ["pop", "hwk", "user", "mfa"]);
});

test("a passkey that may leave its device is reported as a software key", async (t) => {
  const key = new Authenticator({ synced: true });
  const alice = new Visitor(await open(t, { passkeys: [key.seed()] }));
  const tokens = await alice.tokens(await alice.passkey(await alice.authorize(), key));
  assert.deepEqual(tokens.id.amr, ["pop", "swk", "user", "mfa"]);
});

test("a passkey alone signs in", async (t) => {
  const key = new Authenticator();
  const alice = new Visitor(await open(t, { passkeys: [key.seed()] }));
  const page = await alice.authorize({ acr_values: "AL3" });
  assert.equal(titleOf(page), "Sign in");
  assert.deepEqual(ceremony(page, "passkey").allowCredentials, []);
  const tokens = await alice.tokens(await alice.passkey(page, key));
  assert.equal(tokens.id.sub, "alice");
  assert.equal(tokens.id.acr, "AL3");
});

test("who has no passkey proves AL2, adds one, and uses it, in one interaction", async (t) => {
  const key = new Authenticator();
  const alice = new Visitor(await open(t));
  await alice.signIn();
  let page = await alice.authorize({ acr_values: "AL3" });
  assert.equal(titleOf(page), "Enter the code");
  page = await alice.code(page);
  assert.equal(titleOf(page), "Add a passkey");
  page = await alice.register(page, key);
  assert.equal(titleOf(page), "Confirm with your passkey");
  const tokens = await alice.tokens(await alice.passkey(page, key));
  assert.equal(tokens.id.acr, "AL3");
});

test("a passkey added after a code serves the next AL3", async (t) => {
  const key = new Authenticator();
  const alice = new Visitor(await open(t));
  await alice.signIn();
  const offer = await alice.code(await alice.authorize({ acr_values: "AL2" }));
  const first = await alice.tokens(await alice.register(offer, key));
  assert.equal(first.id.acr, "AL2", "adding a passkey is not using it");
  const page = await alice.authorize({ acr_values: "AL3" });
  assert.equal((await alice.tokens(await alice.passkey(page, key))).id.acr, "AL3");
});

test("of several acr_values the lowest that is enough is asked for", async (t) => {
  const alice = new Visitor(await open(t));
  await alice.signIn();
  assert.equal(titleOf(await alice.authorize({ acr_values: "AL3 AL2" })), "Enter the code");
  const tokens = await alice.tokens(await alice.authorize({ acr_values: "AL3 AL1" }));
  assert.equal(tokens.id.acr, "AL1");
});

test("a higher level answers a request for a lower one, in its words", async (t) => {
  const key = new Authenticator();
  const alice = new Visitor(await open(t, { passkeys: [key.seed()] }));
  await alice.tokens(await alice.passkey(await alice.authorize(), key));
  const tokens = await alice.tokens(await alice.authorize({ acr_values: "AL2" }));
  assert.equal(tokens.id.acr, "AL2");
  assert.deepEqual(tokens.id.amr, ["pop", "hwk", "user", "mfa"]);
});

test("an essential acr claim counts as acr_values do", async (t) => {
  const key = new Authenticator();
  const alice = new Visitor(await open(t, { passkeys: [key.seed()] }));
  await alice.signIn();
  const page = await alice.authorize({ claims: essential("AL3") });
  assert.equal(titleOf(page), "Confirm with your passkey");
  assert.equal((await alice.tokens(await alice.passkey(page, key))).id.acr, "AL3");
  assert.equal((await alice.tokens(await alice.authorize({ claims: essential("AL2", "AL1") }))).id.acr, "AL2");
});

test("who cannot reach the level is refused, signed in or not", async (t) => {
  const at = await open(t);
  const bob = new Visitor(at);
  await bob.signIn("bob");
  for (const ask of [{ acr_values: "AL2" }, { acr_values: "AL3" }, { claims: essential("AL3") }, { acr_values: "AL9" }]) {
    const result = parameters(await bob.authorize(ask));
    assert.equal(result.error, "unmet_authentication_requirements");
    assert.equal(result.iss, at.issuer);
    assert.equal(result.state, "the state");
  }
  const anew = new Visitor(at);
  const end = await anew.password(await anew.authorize({ acr_values: "AL3" }), "bob");
  assert.equal(parameters(end).error, "unmet_authentication_requirements");
  const after = await bob.tokens(await bob.authorize({ acr_values: "AL2 AL1" }));
  assert.equal(after.id.acr, "AL1", "what he can reach is enough here");
});

test("max_age asks again, and auth_time moves", async (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() });
  const alice = new Visitor(await open(t));
  const first = await alice.signIn();
  t.mock.timers.tick(30_000);
  const quiet = await alice.tokens(await alice.authorize({ max_age: "60" }));
  assert.equal(quiet.id.auth_time, first.id.auth_time, "young enough: no question, no new time");
  const page = await alice.authorize({ max_age: "20" });
  assert.equal(titleOf(page), "Confirm your password");
  const again = await alice.tokens(await alice.password(page));
  assert.equal(again.id.auth_time, first.id.auth_time + 30);
});

test("max_age=0 asks for everything of the level anew", async (t) => {
  const alice = new Visitor(await open(t));
  await alice.signIn();
  const page = await alice.authorize({ max_age: "0", acr_values: "AL2" });
  assert.equal(titleOf(page), "Confirm your password");
  const code = await alice.password(page);
  assert.equal(titleOf(code), "Enter the code");
  const end = await alice.post(await alice.code(code), { action: "decline" });
  assert.equal((await alice.tokens(end)).id.acr, "AL2");
});

test("a weaker re-login neither lowers the session nor freshens the passkey", async (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() });
  const key = new Authenticator();
  const alice = new Visitor(await open(t, { passkeys: [key.seed()] }));
  const strong = await alice.tokens(await alice.passkey(await alice.authorize(), key));
  t.mock.timers.tick(30_000);
  const relogin = await alice.tokens(await alice.password(await alice.authorize({ max_age: "20", acr_values: "AL1" })));
  assert.equal(relogin.id.acr, "AL1");
  assert.deepEqual(relogin.id.amr, ["pwd"]);
  assert.equal(relogin.id.auth_time, strong.id.auth_time + 30);
  const still = await alice.tokens(await alice.authorize({ acr_values: "AL3" }));
  assert.equal(still.id.acr, "AL3");
  assert.equal(still.id.auth_time, strong.id.auth_time, "the old passkey keeps its own time");
  assert.equal(titleOf(await alice.authorize({ acr_values: "AL3", max_age: "20" })), "Confirm with your passkey");
});

test("a refresh raises neither acr nor auth_time", async (t) => {
  const key = new Authenticator();
  const alice = new Visitor(await open(t, { passkeys: [key.seed()] }));
  const before = await alice.signIn();
  const page = await alice.authorize({ acr_values: "AL3" });
  await alice.tokens(await alice.passkey(page, key));
  const refreshed = await alice.redeem({ grant_type: "refresh_token", refresh_token: before.refresh_token });
  assert.equal(refreshed.access.acr, "AL1");
  assert.equal(refreshed.access.auth_time, before.access.auth_time);
});

test("prompt=none is answered without a page, or with an error", async (t) => {
  const alice = new Visitor(await open(t));
  assert.equal(parameters(await alice.authorize({ prompt: "none" })).error, "login_required");
  await alice.signIn();
  assert.ok(parameters(await alice.authorize({ prompt: "none" })).code);
  assert.equal(parameters(await alice.authorize({ prompt: "none", acr_values: "AL2" })).error, "interaction_required");
});

test("the option lower answers truthfully with less, refuse refuses", async (t) => {
  const alice = new Visitor(await open(t, { assurance: "lower" }));
  await alice.signIn();
  assert.equal((await alice.tokens(await alice.authorize({ acr_values: "AL3", max_age: "60" }))).id.acr, "AL1");
  assert.equal((await alice.control("/options", { assurance: "refuse" })).status, 200);
  assert.equal(parameters(await alice.authorize({ acr_values: "AL3" })).error, "unmet_authentication_requirements");
  assert.ok(parameters(await alice.authorize()).code, "a sign-in that asks for nothing goes on");
});

test("a wrong code is said to be wrong, and too many end it", async (t) => {
  const alice = new Visitor(await open(t));
  await alice.signIn();
  let page = await alice.authorize({ acr_values: "AL2" });
  const wrong = codeOn(page) === "000000" ? "000001" : "000000";
  page = await alice.post(page, { action: "code", code: wrong });
  assert.match(page.text, /role="alert">That is not the code/);
  for (let i = 0; i < 6; i += 1) page = await alice.post(page, { action: "code", code: wrong });
  assert.equal(parameters(await alice.post(page, { action: "code", code: wrong })).error, "access_denied");
});
