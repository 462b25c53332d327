import assert from "node:assert/strict";
import { test } from "node:test";
import { Authenticator } from "./authenticator.js";
import { open, parameters, titleOf, Visitor } from "./bank.js";

const SCOPE = "openid accounts:read transfers:write";
const RENT = { payee: "rent", amount: 2550 };

/** @param {object} [more] */
function payment(more = {}) {
  return {
    type: "payment_initiation", instructedAmount: { currency: "EUR", amount: "25.50" }, creditorName: "Rent",
    creditorAccount: { iban: "FR1420041010050500013M02606" }, ...more,
  };
}

/** @param {...unknown} details */
const asking = (...details) => ({ scope: SCOPE, acr_values: "AL3", authorization_details: JSON.stringify(details) });

/**
 * Alice with a passkey, who has just used it for something else.
 * @param {import("node:test").TestContext} t
 * @param {object} [options]
 */
async function withPasskey(t, options = {}) {
  const key = new Authenticator();
  const alice = new Visitor(await open(t, { passkeys: [key.seed()], ...options }));
  const wide = await alice.tokens(await alice.passkey(await alice.authorize({ scope: SCOPE }), key));
  return { alice, key, wide };
}

test("a payment is shown to the user, who confirms it anew, and its token tells of it", async (t) => {
  const { alice, key } = await withPasskey(t);
  const page = await alice.authorize(asking(payment()));
  assert.equal(titleOf(page), "Confirm with your passkey");
  assert.match(page.text, /You are sending<\/dt><dd><strong>€25\.50<\/strong>/);
  assert.match(page.text, /<strong>Rent<\/strong><br>FR14 2004 1010 0505 0001 3M02 606</);
  const tokens = await alice.tokens(await alice.passkey(page, key));
  assert.deepEqual(tokens.authorization_details, [payment()]);
  assert.deepEqual(tokens.access.authorization_details, [payment()]);
  const renewed = await alice.redeem({ grant_type: "refresh_token", refresh_token: tokens.refresh_token });
  assert.equal(renewed.access.authorization_details, undefined);
});

test("a name in a payment is shown as text", async (t) => {
  const { alice } = await withPasskey(t);
  const page = await alice.authorize(asking(payment({ creditorName: "<b>Rent</b>" })));
  assert.match(page.text, /<strong>&lt;b&gt;Rent&lt;\/b&gt;<\/strong>/);
});

test("what is no payment is refused", async (t) => {
  const { alice } = await withPasskey(t);
  for (const detail of [
    payment({ type: "other" }), payment({ instructedAmount: { currency: "EUR", amount: "25.5" } }), payment({ creditorName: "" }),
    payment({ creditorAccount: {} }), payment({ more: 1 }), {},
  ]) assert.equal(parameters(await alice.authorize(asking(detail))).error, "invalid_authorization_details");
});

test("a token for one payment makes that one, once", async (t) => {
  const { alice, key } = await withPasskey(t);
  const { access_token: token } = await alice.tokens(await alice.passkey(await alice.authorize(asking(payment())), key));
  for (const order of [{ ...RENT, amount: 2551 }, { ...RENT, payee: "savings" }, { ...RENT, payee: "nobody" }]) {
    const answer = await alice.api("/transfers", token, { json: order });
    assert.equal(answer.status, 401);
    assert.match(answer.headers["www-authenticate"] ?? "", /error="insufficient_user_authentication".*acr_values="AL3"/);
  }
  assert.equal((await alice.api("/transfers", token, { json: RENT })).status, 201);
  assert.equal((await alice.api("/transfers", token, { json: RENT })).status, 401);
  assert.equal((await alice.control("/ledger")).value.length, 1);
});

test("where each transfer must be confirmed, a token for any is not enough", async (t) => {
  const { alice, key, wide } = await withPasskey(t, { linking: true });
  assert.equal((await alice.api("/transfers", wide.access_token, { json: RENT })).status, 401);
  const { access_token: token } = await alice.tokens(await alice.passkey(await alice.authorize(asking(payment())), key));
  assert.equal((await alice.api("/transfers", token, { json: RENT })).status, 201);
});

test("a passkey in the page confirms what its options were asked for, and nothing else", async (t) => {
  const { alice, key } = await withPasskey(t);
  const ask = { nonce: "n-1", ...asking(payment()), login_hint: "alice" };
  /** @param {string} authorization_details */
  const trade = async (authorization_details) => {
    const { publicKey, auth_session } = (await alice.form("/passkey/options", ask)).value;
    const credential = JSON.stringify(key.get(publicKey, alice.at.app));
    const form = { ...ask, authorization_details, grant_type: "urn:bank:passkey", auth_session, credential };
    return (await alice.form("/token", form)).value;
  };
  const tokens = await trade(ask.authorization_details);
  assert.deepEqual(tokens.authorization_details, [payment()]);
  const other = JSON.stringify([payment({ instructedAmount: { currency: "EUR", amount: "9999.00" } })]);
  assert.equal((await trade(other)).error, "invalid_grant");
  assert.equal((await trade("[{}]")).error, "invalid_authorization_details");
  assert.equal((await alice.api("/transfers", tokens.access_token, { json: RENT })).status, 201);
});

test("a first-party app's code carries its payment", async (t) => {
  const { alice, key } = await withPasskey(t);
  const ask = {
    response_type: "code", nonce: "n-1", login_hint: "alice", ...asking(payment()),
    code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", code_challenge_method: "S256",
  };
  assert.equal((await alice.form("/authorize-challenge", { ...ask, authorization_details: "[{}]" })).value.error, "invalid_authorization_details");
  const { publicKey, auth_session } = (await alice.form("/authorize-challenge", ask)).value;
  const credential = JSON.stringify(key.get(publicKey, alice.at.app));
  const { authorization_code: code } = (await alice.form("/authorize-challenge", { auth_session, credential })).value;
  const form = { grant_type: "authorization_code", code, code_verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" };
  assert.deepEqual((await alice.form("/token", form)).value.authorization_details, [payment()]);
});
