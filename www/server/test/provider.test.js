import assert from "node:assert/strict";
import { test } from "node:test";
import { Authenticator } from "./authenticator.js";
import { ceremony, open, parameters, titleOf, Visitor } from "./bank.js";

test("the metadata says what the provider can do", async (t) => {
  const at = await open(t);
  const { text } = await new Visitor(at).send(`${at.issuer}/.well-known/openid-configuration`);
  const metadata = JSON.parse(text);
  assert.equal(metadata.issuer, at.issuer);
  assert.deepEqual(metadata.acr_values_supported, ["AL1", "AL2", "AL3"]);
  assert.equal(metadata.authorization_response_iss_parameter_supported, true);
  assert.equal(metadata.claims_parameter_supported, true);
  assert.deepEqual(metadata.code_challenge_methods_supported, ["S256"]);
  assert.deepEqual(metadata.response_types_supported, ["code"]);
});

test("where requests must be pushed, a reference leads to the sign-in, once, and nothing else does", async (t) => {
  const alice = new Visitor(await open(t, { pushed: true }));
  const { text } = await alice.send(`${alice.at.issuer}/.well-known/openid-configuration`);
  const { pushed_authorization_request_endpoint: endpoint, require_pushed_authorization_requests: required } = JSON.parse(text);
  assert.equal(required, true);
  assert.equal(parameters(await alice.authorize()).error, "invalid_request");
  const pushed = await alice.form(new URL(endpoint).pathname, {
    redirect_uri: `${alice.at.app}/stepup/callback.html`, response_type: "code", scope: "openid accounts:read", state: "the state",
    nonce: "n-1", code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", code_challenge_method: "S256",
  });
  assert.equal(pushed.status, 201, JSON.stringify(pushed.value));
  const visit = () => alice.send(`${alice.at.issuer}/auth?client_id=bank-spa&request_uri=${encodeURIComponent(pushed.value.request_uri)}`);
  const end = await alice.password(await alice.follow(await visit()));
  assert.ok(parameters(end).code);
  assert.match((await visit()).text, /This did not work/);
});

test("cancel ends with access_denied, and leaves the session as it was", async (t) => {
  const alice = new Visitor(await open(t));
  await alice.signIn();
  const page = await alice.authorize({ acr_values: "AL2" });
  const result = parameters(await alice.post(page, { action: "cancel" }));
  assert.equal(result.error, "access_denied");
  assert.equal(result.iss, alice.at.issuer);
  assert.ok(parameters(await alice.authorize()).code);
});

test("a wrong password is refused in the same words as a wrong name", async (t) => {
  const visitor = new Visitor(await open(t));
  const page = await visitor.authorize();
  for (const [login, password] of [["alice", "wrong"], ["nobody", "alice-password"], ["alice", ""]]) {
    const again = await visitor.password(page, login, password);
    assert.match(again.text, /role="alert">That name and password do not belong together\./);
  }
});

test("login_hint fills in the name, and somebody else may sign in", async (t) => {
  const visitor = new Visitor(await open(t));
  const page = await visitor.authorize({ login_hint: "alice" });
  assert.match(page.text, /name="login" value="alice"/);
  assert.equal((await visitor.tokens(await visitor.password(page, "bob"))).id.sub, "bob");
});

test("id_token_hint binds the sign-in to its user", async (t) => {
  const at = await open(t);
  const hint = (await new Visitor(at).signIn()).id_token;
  const visitor = new Visitor(at);
  const page = await visitor.authorize({ id_token_hint: hint });
  assert.match(page.text, /name="login" value="alice"[^>]*readonly/);
  assert.doesNotMatch(page.text, /id="other-account"/);
  const refused = await visitor.password(page, "bob");
  assert.match(refused.text, /role="alert"/);
  assert.match((await visitor.post(page, { action: "other-account" })).text, /readonly/, "asked for by hand, it is refused too");
  assert.equal((await visitor.tokens(await visitor.password(page, "alice"))).id.sub, "alice");
});

test("id_token_hint of another user than the session's asks that user", async (t) => {
  const at = await open(t);
  const hint = (await new Visitor(at).signIn()).id_token;
  const visitor = new Visitor(at);
  await visitor.signIn("bob");
  const page = await visitor.authorize({ id_token_hint: hint });
  assert.equal(titleOf(page), "Confirm your password");
  assert.equal((await visitor.tokens(await visitor.password(page, "alice"))).id.sub, "alice");
});

test("with hints ignored, another account may answer in spite of id_token_hint", async (t) => {
  const visitor = new Visitor(await open(t, { hints: "ignore" }));
  const { id_token: hint } = await visitor.signIn();
  const page = await visitor.authorize({ id_token_hint: hint, prompt: "login" });
  const anew = await visitor.post(page, { action: "other-account" });
  assert.equal((await visitor.tokens(await visitor.password(anew, "bob"))).id.sub, "bob");
});

test("another account takes over the session, and nothing of the first one's stays", async (t) => {
  const [hers, his] = [new Authenticator(), new Authenticator()];
  const visitor = new Visitor(await open(t, { passkeys: [hers.seed(), his.seed("bob")] }));
  await visitor.tokens(await visitor.passkey(await visitor.authorize(), hers));
  const page = await visitor.authorize({ acr_values: "AL3", max_age: "0" });
  const anew = await visitor.post(page, { action: "other-account" });
  assert.equal(titleOf(anew), "Sign in");
  const key = await visitor.password(anew, "bob");
  assert.equal(titleOf(key), "Confirm with your passkey");
  const tokens = await visitor.tokens(await visitor.passkey(key, his));
  assert.equal(tokens.id.sub, "bob");
  assert.equal(tokens.id.acr, "AL3");
  assert.equal((await visitor.tokens(await visitor.authorize())).id.sub, "bob");
});

test("in the cross-site arrangement the provider has another site and rp id", async (t) => {
  const key = new Authenticator();
  const at = await open(t, { provider: "auth.idp.localhost", passkeys: [key.seed()] });
  assert.equal(at.issuer, `http://auth.idp.localhost:${at.port}`);
  const alice = new Visitor(at);
  const page = await alice.authorize({ acr_values: "AL3" });
  assert.equal(ceremony(page, "passkey").rpId, "idp.localhost");
  assert.equal((await alice.tokens(await alice.passkey(page, key))).id.acr, "AL3");
});

test("only the app may call the token endpoint from a page", async (t) => {
  const at = await open(t);
  const visitor = new Visitor(at);
  const call = (/** @type {string} */ origin) => visitor.send(`${at.issuer}/token`, {
    method: "POST",
    headers: { Origin: origin, "Content-Type": "application/x-www-form-urlencoded" },
    body: "client_id=bank-spa&grant_type=authorization_code&code=x&redirect_uri=x&code_verifier=x",
  });
  assert.equal((await call(at.app)).headers["access-control-allow-origin"], at.app);
  assert.equal((await call("http://evil.localhost")).headers["access-control-allow-origin"], undefined);
});

test("an unknown resource is refused, and scopes of the API go into its token only", async (t) => {
  const alice = new Visitor(await open(t));
  assert.equal(parameters(await alice.authorize({ resource: "http://other.localhost" })).error, "invalid_target");
  const tokens = await alice.signIn("alice", { scope: "openid accounts:read payees:write unknown", resource: alice.at.api });
  assert.equal(tokens.access.scope, "accounts:read payees:write");
});

test("the option accessTokenTtl is the life of an access token", async (t) => {
  const alice = new Visitor(await open(t, { accessTokenTtl: 7 }));
  const tokens = await alice.signIn();
  assert.equal(tokens.expires_in, 7);
  assert.equal(tokens.access.exp - tokens.access.iat, 7);
});

test("pages allow no inline script, no frame, and send no referrer", async (t) => {
  const at = await open(t, { coop: { provider: "same-origin" } });
  const { headers, text } = await new Visitor(at).authorize();
  assert.match(String(headers["content-security-policy"]), /default-src 'none'.*frame-ancestors 'none'/);
  assert.equal(headers["referrer-policy"], "no-referrer");
  assert.equal(headers["cross-origin-opener-policy"], "same-origin");
  assert.doesNotMatch(text, /<script>|style=|onclick=/);
});

test("what a request brings is escaped on the page", async (t) => {
  const visitor = new Visitor(await open(t));
  const page = await visitor.authorize({ login_hint: '"><img src=x>' });
  assert.match(page.text, /value="&quot;&gt;&lt;img src=x&gt;"/);
});

test("a form of another site is refused", async (t) => {
  const visitor = new Visitor(await open(t));
  const page = await visitor.authorize();
  const answer = await visitor.post(page, { action: "cancel" }, undefined, { "Sec-Fetch-Site": "cross-site" });
  assert.equal(answer.status, 403);
});

test("an interaction belongs to the browser that began it", async (t) => {
  const at = await open(t);
  const page = await new Visitor(at).authorize();
  const answer = await new Visitor(at).send(page.url.href);
  assert.equal(answer.status, 400);
  assert.match(answer.text, /This sign-in is over/);
});

test("signing out at the provider ends its session", async (t) => {
  const alice = new Visitor(await open(t));
  await alice.signIn();
  const page = await alice.send(`${alice.at.issuer}/session/end?client_id=bank-spa&post_logout_redirect_uri=${encodeURIComponent(`${alice.at.app}/`)}`);
  assert.equal(titleOf(page), "Sign out here too?");
  const xsrf = /name="xsrf" value="([^"]*)"/.exec(page.text)?.[1] ?? "";
  const end = await alice.post(page, { xsrf, logout: "yes" }, `${alice.at.issuer}/session/end/confirm`);
  assert.equal(end.url.href, `${alice.at.app}/`);
  assert.equal(titleOf(await alice.authorize()), "Sign in");
});
