import assert from "node:assert/strict";
import { test } from "node:test";
import { Authenticator } from "./authenticator.js";
import { open, titleOf, Visitor } from "./bank.js";

const RENT = { payee: "rent", amount: 50_000 };

/**
 * Somebody signed in at the backend-for-frontend with a password.
 * @param {Visitor} visitor
 * @param {string} [login]
 */
async function signIn(visitor, login = "alice") {
  const end = await visitor.password(await visitor.login(), login);
  assert.equal(end.url.href, `${visitor.at.app}/done.html?stepup_state=s-1`);
  return visitor;
}

/**
 * @param {import("node:test").TestContext} t
 * @param {object} [options]
 */
async function withPasskey(t, options = {}) {
  const key = new Authenticator();
  const alice = await signIn(new Visitor(await open(t, { passkeys: [key.seed()], ...options })));
  return { alice, key };
}

/**
 * Raises the session by a passkey in the page.
 * @param {Visitor} visitor
 * @param {Authenticator} key
 * @param {object} [demand]
 */
async function confirm(visitor, key, demand = { acr_values: "AL3", max_age: 60, scope: "transfers:write" }) {
  const { status, value } = await visitor.bff("/passkey/options", demand);
  assert.equal(status, 200, JSON.stringify(value));
  return visitor.bff("/passkey/verify", { ...demand, auth_session: value.auth_session, credential: key.get(value.publicKey, visitor.at.app) });
}

test("a session is a cookie that no script reads, and a CSRF token that the page does", async (t) => {
  const alice = new Visitor(await open(t));
  const nobody = await alice.bff("/session");
  assert.equal(nobody.status, 401);
  assert.equal(nobody.headers["www-authenticate"], 'Bearer realm="bank"');
  const cookies = nobody.headers["set-cookie"] ?? [];
  assert.match(cookies[0] ?? "", /^bank-session=[\w-]{43}; Path=\/bff\/; HttpOnly; SameSite=Lax$/);
  assert.match(cookies[1] ?? "", /^bank-csrf=[\w-]{43}; Path=\/; SameSite=Strict$/);
  const planted = alice.cookie("bank-session");
  await signIn(alice);
  assert.notEqual(alice.cookie("bank-session"), planted, "a session that somebody planted is not the user's");
  const { status, value } = await alice.bff("/session");
  assert.equal(status, 200);
  assert.deepEqual(value, { user: "alice", name: "Alice", scope: "accounts:read" });
});

test("the page calls the API without a token, and gets its answers as they are", async (t) => {
  const { alice } = await withPasskey(t);
  const balance = await alice.bff("/api/balance");
  assert.equal(balance.status, 200);
  assert.equal(balance.value.owner, "alice");
  const direct = JSON.parse((await alice.api("/balance", (await alice.signIn()).access_token)).text);
  assert.deepEqual(balance.value, direct);
  const challenge = await alice.bff("/api/transfers", RENT);
  assert.equal(challenge.status, 401);
  assert.match(challenge.headers["www-authenticate"] ?? "", /error="insufficient_user_authentication".*acr_values="AL3", max_age="60", scope="transfers:write"$/);
  assert.equal(challenge.value.passkey, undefined);
  assert.equal((await alice.bff("/api/nothing")).status, 404);
  const wrong = await alice.send(`${alice.at.app}/bff/api/balance`, { method: "DELETE", headers: { "X-CSRF-Token": alice.cookie("bank-csrf") ?? "" } });
  assert.equal(wrong.status, 405);
  assert.equal(wrong.headers.allow, "GET");
});

test("a passkey in the page raises the session, and the same request goes through", async (t) => {
  const { alice, key } = await withPasskey(t);
  const before = alice.cookie("bank-csrf");
  const { status, value } = await confirm(alice, key);
  assert.equal(status, 200, JSON.stringify(value));
  assert.equal(value.acr, "AL3");
  assert.deepEqual(value.amr, ["pop", "hwk", "user", "mfa"]);
  assert.ok(Math.abs(value.auth_time - Date.now() / 1000) < 10);
  assert.notEqual(alice.cookie("bank-csrf"), before);
  const sent = await alice.bff("/api/transfers", RENT, { "Idempotency-Key": "one" });
  assert.equal(sent.status, 201, sent.text);
  assert.equal((await alice.bff("/api/transfers", RENT, { "Idempotency-Key": "one" })).value.id, sent.value.id);
  assert.equal((await alice.control("/ledger")).value.length, 1);
  assert.equal((await alice.bff("/session")).value.scope, "accounts:read transfers:write");
});

test("options carried in the API's challenge are passed on, and do without asking", async (t) => {
  const { alice, key } = await withPasskey(t, { carry: true });
  const { passkey } = (await alice.bff("/api/transfers", RENT)).value;
  const verified = await alice.bff("/passkey/verify", {
    acr_values: "AL3", max_age: 60, scope: "transfers:write", auth_session: passkey.auth_session, credential: key.get(passkey.publicKey, alice.at.app),
  });
  assert.equal(verified.status, 200, verified.text);
  assert.equal((await alice.bff("/api/transfers", RENT)).status, 201);
});

test("an assertion that does not hold raises nothing", async (t) => {
  const { alice, key } = await withPasskey(t);
  const before = alice.cookie("bank-csrf");
  const ask = async () => (await alice.bff("/passkey/options", { acr_values: "AL3" })).value;
  const first = await ask();
  const refused = [
    { auth_session: first.auth_session, credential: key.get(first.publicKey, "http://evil.bank.localhost") },
    { auth_session: "", credential: key.get((await ask()).publicKey, alice.at.app) },
  ];
  for (const body of refused) {
    const { status, value } = await alice.bff("/passkey/verify", body);
    assert.equal(status, 400);
    assert.equal(value.error, "invalid_grant");
  }
  assert.equal(alice.cookie("bank-csrf"), before);
  assert.equal((await alice.bff("/api/transfers", RENT)).status, 401);
});

test("the CSRF token before the raise counts for a moment more, and no longer", async (t) => {
  const { alice, key } = await withPasskey(t);
  const before = alice.cookie("bank-csrf");
  await confirm(alice, key);
  assert.notEqual(alice.cookie("bank-csrf"), before);
  const stale = { "X-CSRF-Token": before ?? "" };
  assert.equal((await alice.bff("/api/transfers", RENT, stale)).status, 201);
  const { now } = Date;
  t.mock.method(Date, "now", () => now() + 10_001);
  assert.equal((await alice.bff("/api/transfers", RENT, stale)).status, 403);
});

test("what was proved is told as it is, also when it is less than was asked for", async (t) => {
  const key = new Authenticator({ verifies: false });
  const alice = await signIn(new Visitor(await open(t, { passkeys: [key.seed()], userVerification: "preferred" })));
  const { status, value } = await confirm(alice, key);
  assert.equal(status, 200);
  assert.equal(value.acr, "AL1");
  assert.equal((await alice.bff("/api/transfers", RENT)).status, 401);
});

test("a window raises the session as well, and goes back to where it was sent from", async (t) => {
  const { alice, key } = await withPasskey(t);
  const page = await alice.login({ acr_values: "AL3", max_age: "60", scope: "transfers:write" });
  assert.equal(titleOf(page), "Confirm with your passkey");
  const before = alice.cookie("bank-csrf");
  const end = await alice.passkey(page, key);
  assert.equal(end.url.href, `${alice.at.app}/done.html?stepup_state=s-1`);
  assert.notEqual(alice.cookie("bank-csrf"), before);
  assert.equal((await alice.bff("/api/transfers", RENT)).status, 201);
});

test("a sign-in that fails goes back with the provider's error", async (t) => {
  const { alice } = await withPasskey(t);
  const page = await alice.login({ acr_values: "AL3", return_to: "/stepup/callback.html?stepup_state=a%26b" });
  const end = await alice.post(page, { action: "cancel" });
  assert.equal(end.url.href, `${alice.at.app}/stepup/callback.html?stepup_state=a%26b&error=access_denied`);
  const bob = await signIn(new Visitor(alice.at), "bob");
  assert.equal((await bob.login({ acr_values: "AL3" })).url.searchParams.get("error"), "unmet_authentication_requirements");
  assert.equal((await bob.bff("/api/balance")).value.owner, "bob");
});

test("another user who comes back changes nothing", async (t) => {
  const { alice } = await withPasskey(t, { hints: "ignore" });
  const page = await alice.post(await alice.login({ acr_values: "AL3" }), { action: "other-account" });
  assert.equal(titleOf(page), "Sign in");
  const key = new Authenticator();
  await alice.control("/options", { passkeys: [key.seed("bob")] });
  const before = alice.cookie("bank-csrf");
  const end = await alice.passkey(page, key);
  assert.equal(end.url.searchParams.get("error"), "subject_mismatch");
  assert.equal(alice.cookie("bank-csrf"), before);
  assert.equal((await alice.bff("/api/balance")).value.owner, "alice");

  const inPage = await confirm(alice, key);
  assert.equal(inPage.status, 400);
  assert.equal(inPage.value.error, "subject_mismatch");
  assert.equal((await alice.bff("/api/balance")).value.owner, "alice");
});

test("the way back is a path of this app", async (t) => {
  const at = await open(t);
  const visitor = new Visitor(at);
  for (const wrong of [
    "http://evil.localhost/", "//evil.localhost/", "/\\evil.localhost/", "/\t/evil.localhost/", "done.html", "javascript:alert(1)", "",
    "/bff/login?return_to=/", "/x/../bff/logout", "\\/evil.localhost",
  ]) {
    const { status, headers } = await visitor.send(`${at.app}/bff/login?${new URLSearchParams({ return_to: wrong })}`);
    assert.equal(status, 400, wrong);
    assert.equal(headers.location, undefined);
  }
  const right = await visitor.send(`${at.app}/bff/login?return_to=%2Fa%3Fb%23c`);
  assert.equal(right.status, 302);
  assert.ok(right.headers.location?.startsWith(`${at.issuer}/auth?`));
});

test("a callback that this browser did not begin is refused, and each works once", async (t) => {
  const { alice, key } = await withPasskey(t);
  const stranger = new Visitor(alice.at);
  await stranger.bff("/session");
  const page = await alice.login({ acr_values: "AL3", max_age: "0" });
  // The last redirect before the callback, taken by hand.
  const credential = key.get(JSON.parse(/data-options="([^"]*)"/.exec(page.text)?.[1]?.replaceAll("&quot;", '"') ?? ""), alice.at.issuer);
  let answer = await alice.send(page.url.href, {
    method: "POST", headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ action: "passkey", credential: JSON.stringify(credential) }).toString(),
  });
  while (!answer.headers.location?.startsWith(`${alice.at.app}/bff/callback`)) {
    answer = await alice.send(new URL(answer.headers.location ?? "", answer.url).href);
  }
  const callback = answer.headers.location;
  assert.equal((await stranger.send(callback)).status, 400, "another browser");
  assert.equal((await alice.send(callback.replace(/iss=[^&]*/, "iss=http%3A%2F%2Fother.localhost"))).status, 400, "another provider's");
  assert.equal((await alice.send(callback)).status, 400, "a state works once");
  assert.equal((await alice.send(`${alice.at.app}/bff/callback?state=guess&code=x`)).status, 400);
});

test("what changes something takes the CSRF token of this session", async (t) => {
  const { alice } = await withPasskey(t);
  const other = await signIn(new Visitor(alice.at));
  /** @type {[string, Record<string, string>][]} */
  const wrong = [
    ["none", { "X-CSRF-Token": "" }],
    ["a guess", { "X-CSRF-Token": "x".repeat(43) }],
    ["of another session, cookie and all", { "X-CSRF-Token": other.cookie("bank-csrf") ?? "", Cookie: `bank-session=${alice.cookie("bank-session")}; bank-csrf=${other.cookie("bank-csrf")}` }],
    ["without its cookie", { Cookie: `bank-session=${alice.cookie("bank-session")}` }],
    ["from another origin", { Origin: "http://evil.localhost" }],
  ];
  for (const [what, headers] of wrong) {
    for (const path of ["/passkey/options", "/passkey/verify", "/logout", "/api/payees"]) {
      const { status, value } = await alice.bff(path, {}, headers);
      assert.equal(status, 403, `${path} ${what}`);
      assert.equal(value.error, "csrf");
    }
  }
  assert.equal((await alice.bff("/session")).status, 200);
});

test("signing out ends the session, also for a sign-in that is under way", async (t) => {
  const { alice, key } = await withPasskey(t);
  const options = (await alice.bff("/passkey/options", {})).value;
  const session = alice.cookie("bank-session");
  const csrf = alice.cookie("bank-csrf");
  const out = await alice.bff("/logout", {});
  assert.equal(out.status, 204);
  assert.equal(alice.cookie("bank-session"), undefined);
  const old = { Cookie: `bank-session=${session}; bank-csrf=${csrf}`, "X-CSRF-Token": csrf ?? "" };
  assert.equal((await alice.bff("/session", undefined, old)).status, 401);
  assert.equal((await alice.bff("/api/balance", undefined, old)).status, 401);
  assert.equal((await alice.bff("/api/transfers", RENT, old)).status, 401);
  const verify = await alice.bff("/passkey/verify", { auth_session: options.auth_session, credential: key.get(options.publicKey, alice.at.app) }, old);
  assert.equal(verify.status, 403);
});

test("a weaker method takes no right away", async (t) => {
  const { alice, key } = await withPasskey(t);
  await confirm(alice, key);
  // The provider's own session knows of the password only.
  const end = await alice.login({ scope: "payees:write" });
  assert.equal(end.url.searchParams.get("error"), null);
  assert.equal((await alice.bff("/api/payees", { name: "Water", iban: "BE68539007547034" })).status, 201);
  assert.equal((await alice.bff("/api/transfers", RENT)).status, 201, "the passkey of just now still counts");
  assert.equal((await alice.bff("/session")).value.scope, "accounts:read transfers:write payees:write");
});

test("a session outlives its access token", async (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() });
  const { alice, key } = await withPasskey(t, { accessTokenTtl: 20 });
  await confirm(alice, key);
  t.mock.timers.tick(30_000);
  const sent = await Promise.all([alice.bff("/api/balance"), alice.bff("/api/transfers", RENT)]);
  assert.deepEqual(sent.map(({ status }) => status), [200, 201]);
  const refreshes = (await alice.control("/log")).value.filter((/** @type {any} */ { from, path }) => from === "bff" && path === "/token");
  assert.equal(refreshes.length, 3, "the sign-in, the passkey, and one refresh for both");
  t.mock.timers.tick(40_000);
  assert.equal((await alice.bff("/api/transfers", RENT)).status, 401, "and what was proved is no younger for it");
  t.mock.timers.tick(30 * 60_000 + 1);
  assert.equal((await alice.bff("/session")).status, 401, "nobody was here for half an hour");
});

test("somebody unknown signs in by a passkey in the page", async (t) => {
  const key = new Authenticator();
  const alice = new Visitor(await open(t, { passkeys: [key.seed()] }));
  await alice.bff("/session");
  const { status, value } = await confirm(alice, key, { scope: "accounts:read" });
  assert.equal(status, 200, JSON.stringify(value));
  assert.equal((await alice.bff("/session")).value.user, "alice");
});

test("the log tells the page's requests from the server's own, and shows no token in the page", async (t) => {
  const { alice, key } = await withPasskey(t);
  await alice.send(`http://control.localhost:${alice.at.port}/log`, { method: "DELETE" });
  await alice.bff("/api/transfers", RENT);
  await confirm(alice, key);
  await alice.bff("/api/transfers", RENT);
  /** @type {any[]} */
  const log = (await alice.control("/log")).value;
  const lines = (/** @type {string} */ who) => log.filter(({ from }) => from === who).map(({ role, method, path, status }) => `${role} ${method} ${path} ${status}`);
  assert.deepEqual(lines("page"), [
    "app POST /bff/api/transfers 401", "app POST /bff/passkey/options 200", "app POST /bff/passkey/verify 200", "app POST /bff/api/transfers 201",
  ]);
  assert.deepEqual(lines("bff"), [
    "api POST /transfers 401", "auth POST /passkey/options 200", "auth POST /token 200", "api POST /transfers 201",
  ]);
  assert.ok(log.filter(({ from }) => from === "page").every(({ headers }) => headers.authorization === undefined));
  const page = await alice.send(`${alice.at.app}/bff/api/balance`, { headers: { "User-Agent": "Mozilla/5.0" } });
  assert.equal(page.status, 200);
});

test("what the page sends is checked", async (t) => {
  const { alice } = await withPasskey(t);
  for (const body of [{ acr_values: 3 }, { max_age: "60" }, { max_age: -1 }, { scope: ["a"] }]) {
    assert.equal((await alice.bff("/passkey/options", body)).status, 400, JSON.stringify(body));
  }
  for (const body of [{}, { credential: "x" }, { credential: {}, auth_session: 1 }]) {
    assert.equal((await alice.bff("/passkey/verify", body)).status, 400, JSON.stringify(body));
  }
  assert.equal((await alice.bff("/passkey/options", { acr_values: "urn:else" })).value.error, "unmet_authentication_requirements");
  const bob = await signIn(new Visitor(alice.at), "bob");
  assert.equal((await bob.bff("/passkey/options", { acr_values: "AL3" })).value.error, "redirect_to_web");
  assert.equal((await alice.bff("/nothing", {})).status, 404);
  assert.equal((await alice.bff("/nothing")).status, 404);
});
