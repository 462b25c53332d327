import assert from "node:assert/strict";
import { test } from "node:test";
import { Authenticator } from "./authenticator.js";
import { ceremony, open, titleOf, Visitor } from "./bank.js";

const REFUSED = /role="alert">The passkey could not be checked/;

/**
 * @param {import("node:test").TestContext} t
 * @param {Authenticator} key
 */
async function atThePasskey(t, key) {
  const alice = new Visitor(await open(t, { passkeys: [key.seed()] }));
  await alice.signIn();
  return { alice, page: await alice.authorize({ acr_values: "AL3" }) };
}

/**
 * @param {Visitor} visitor
 * @param {import("./bank.js").Answer} page
 * @param {unknown} credential
 */
function send(visitor, page, credential) {
  return visitor.post(page, { action: "passkey", credential: JSON.stringify(credential) });
}

test("the options name the user's passkeys and demand user verification", async (t) => {
  const key = new Authenticator();
  const { page } = await atThePasskey(t, key);
  const options = ceremony(page, "passkey");
  assert.equal(options.rpId, "bank.localhost");
  assert.equal(options.userVerification, "required");
  assert.deepEqual(options.allowCredentials.map((/** @type {{ id: string }} */ { id }) => id), [key.id]);
});

test("a signature of another key is refused", async (t) => {
  const key = new Authenticator();
  const { alice, page } = await atThePasskey(t, key);
  const other = new Authenticator();
  other.id = key.id;
  assert.match((await alice.passkey(page, other)).text, REFUSED);
});

test("an assertion for another origin, challenge or site is refused", async (t) => {
  const key = new Authenticator();
  const { alice, page } = await atThePasskey(t, key);
  const forged = [
    (/** @type {any} */ options) => key.get(options, "http://auth.evil.localhost"),
    (/** @type {any} */ options) => key.get({ ...options, challenge: "AAAA" }, alice.at.issuer),
    (/** @type {any} */ options) => key.get({ ...options, rpId: "evil.localhost" }, alice.at.issuer),
  ];
  let now = page;
  for (const forge of forged) {
    now = await send(alice, now, forge(ceremony(now, "passkey")));
    assert.match(now.text, REFUSED);
  }
  assert.equal((await alice.tokens(await alice.passkey(now, key))).id.acr, "AL3", "and the real one still works");
});

test("an authenticator that did not check its user is refused", async (t) => {
  const key = new Authenticator({ verifies: false });
  const { alice, page } = await atThePasskey(t, key);
  assert.match((await alice.passkey(page, key)).text, REFUSED);
});

test("an assertion works once", async (t) => {
  const key = new Authenticator();
  const { alice, page } = await atThePasskey(t, key);
  const credential = key.get(ceremony(page, "passkey"), alice.at.issuer);
  await alice.tokens(await send(alice, page, credential));
  const again = await alice.authorize({ acr_values: "AL3", max_age: "0" });
  assert.match((await send(alice, again, credential)).text, REFUSED);
});

test("another user's passkey does not confirm for this one", async (t) => {
  const [hers, his] = [new Authenticator(), new Authenticator()];
  const alice = new Visitor(await open(t, { passkeys: [hers.seed(), his.seed("bob")] }));
  await alice.signIn();
  const page = await alice.authorize({ acr_values: "AL3" });
  assert.match((await alice.passkey(page, his)).text, REFUSED);
});

test("a passkey cannot be added on a password alone", async (t) => {
  const key = new Authenticator();
  const alice = new Visitor(await open(t));
  await alice.signIn();
  const page = await alice.authorize({ acr_values: "AL3" });
  assert.equal(titleOf(page), "Enter the code");
  const credential = key.create({ rp: { id: "bank.localhost" }, challenge: "AAAA" }, alice.at.issuer);
  const after = await alice.post(page, { action: "register", credential: JSON.stringify(credential) });
  assert.equal(titleOf(after), "Enter the code");
});

test("an old code does not vouch for a new passkey", async (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() });
  const alice = new Visitor(await open(t));
  await alice.signIn();
  const offer = await alice.code(await alice.authorize({ acr_values: "AL2" }));
  await alice.tokens(await alice.post(offer, { action: "decline" }));
  assert.equal(titleOf(await alice.authorize({ acr_values: "AL3" })), "Add a passkey");
  t.mock.timers.tick(301_000);
  assert.equal(titleOf(await alice.authorize({ acr_values: "AL3" })), "Enter the code");
});

test("a registration for another challenge is refused", async (t) => {
  const key = new Authenticator();
  const alice = new Visitor(await open(t));
  await alice.signIn();
  const page = await alice.code(await alice.authorize({ acr_values: "AL3" }));
  const credential = key.create({ ...ceremony(page, "register"), challenge: "AAAA" }, alice.at.issuer);
  const after = await alice.post(page, { action: "register", credential: JSON.stringify(credential) });
  assert.match(after.text, /role="alert">The passkey could not be added/);
});
