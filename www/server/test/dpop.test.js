import assert from "node:assert/strict";
import { test } from "node:test";
import { Authenticator } from "./authenticator.js";
import { open, Visitor } from "./bank.js";
import { Prover } from "./prover.js";

/**
 * Alice, signed in with a token that is bound to a key.
 * @param {import("node:test").TestContext} t
 * @param {object} [options]
 */
async function bound(t, options = {}) {
  const alice = new Visitor(await open(t, options));
  const prover = await Prover.make();
  const end = await alice.password(await alice.authorize({ dpop_jkt: prover.thumbprint }));
  const DPoP = await prover.proof("POST", `${alice.at.issuer}/token`);
  const tokens = await alice.tokens(end, { DPoP });
  const { access_token: token } = tokens;
  /** @param {Record<string, unknown>} [claims] @param {{ by?: Prover, of?: string, scheme?: string, proof?: string }} [how] */
  const balance = async (claims, { by = prover, of = token, scheme = "DPoP", proof } = {}) => {
    const DPoP = proof ?? await by.proof("GET", `${alice.at.api}/balance`, of, claims);
    return alice.api("/balance", undefined, { headers: { Authorization: `${scheme} ${token}`, ...(DPoP ? { DPoP } : {}) } });
  };
  return { alice, prover, tokens, balance };
}

/**
 * @param {import("./bank.js").Answer} answer
 * @param {string} error
 * @param {string} [scheme]
 */
function refused({ status, headers }, error, scheme = "DPoP") {
  assert.equal(status, 401);
  assert.match(headers["www-authenticate"] ?? "", new RegExp(`^${scheme} realm="bank", error="${error}"`));
}

test("a token is bound to the key that was proved to be held, and takes a proof each time", async (t) => {
  const { prover, tokens, balance } = await bound(t);
  assert.equal(tokens.token_type, "DPoP");
  assert.deepEqual(tokens.access.cnf, { jkt: prover.thumbprint });
  assert.equal((await balance()).status, 200);
  assert.equal((await balance()).status, 200);
});

test("a proof that does not hold, or is for something else, is refused", async (t) => {
  const { alice, prover, balance, tokens } = await bound(t);
  const now = Math.floor(Date.now() / 1000);
  for (const claims of [
    { htm: "POST" }, { htu: `${alice.at.api}/payees` }, { htu: `${alice.at.issuer}/balance` }, { ath: "x" }, { ath: undefined },
    { iat: now - 90 }, { iat: now + 60 }, { iat: undefined }, { jti: undefined },
  ]) refused(await balance(claims), "invalid_dpop_proof");
  refused(await balance({}, { by: await Prover.make() }), "invalid_dpop_proof");
  refused(await balance({}, { of: "another" }), "invalid_dpop_proof");
  refused(await balance({}, { proof: "" }), "invalid_dpop_proof");
  refused(await balance({}, { proof: "a.b.c" }), "invalid_dpop_proof");
  const proof = await prover.proof("GET", `${alice.at.api}/balance`, tokens.access_token);
  refused(await balance({}, { proof: `${proof}, ${proof}` }), "invalid_dpop_proof");
  assert.equal((await balance({}, { proof })).status, 200);
  refused(await balance({}, { proof }), "invalid_dpop_proof");
});

test("a bound token is no Bearer token, and a Bearer token is not bound", async (t) => {
  const { alice, balance, prover } = await bound(t);
  refused(await balance({}, { scheme: "Bearer" }), "invalid_token", "Bearer");
  const { access_token: plain, token_type } = await alice.signIn();
  assert.equal(token_type, "Bearer");
  const DPoP = await prover.proof("GET", `${alice.at.api}/balance`, plain);
  refused(await alice.api("/balance", undefined, { headers: { Authorization: `DPoP ${plain}`, DPoP } }), "invalid_token");
});

test("a demand for step-up comes in the scheme of the request", async (t) => {
  const { alice, prover, tokens } = await bound(t);
  const DPoP = await prover.proof("POST", `${alice.at.api}/transfers`, tokens.access_token);
  const headers = { Authorization: `DPoP ${tokens.access_token}`, DPoP };
  const answer = await alice.api("/transfers", undefined, { json: {}, headers });
  refused(answer, "insufficient_user_authentication");
  assert.match(answer.headers["www-authenticate"] ?? "", /acr_values="AL3", max_age="60".*, algs="ES256"$/);
});

test("where nonces are wanted, the API gives one with each answer and takes no proof without", async (t) => {
  const { alice, balance } = await bound(t);
  assert.equal((await balance()).headers["dpop-nonce"], undefined);
  await alice.control("/options", { nonces: true });
  const first = await balance();
  refused(first, "use_dpop_nonce");
  const { "dpop-nonce": nonce } = first.headers;
  const second = await balance({ nonce });
  assert.equal(second.status, 200);
  assert.notEqual(second.headers["dpop-nonce"] ?? nonce, nonce);
  refused(await balance({ nonce: "made-up" }), "use_dpop_nonce");
});

test("the provider wants one too, for a code and for a passkey", async (t) => {
  const key = new Authenticator();
  const alice = new Visitor(await open(t, { nonces: true, passkeys: [key.seed()] }));
  const prover = await Prover.make();
  const url = `${alice.at.issuer}/token`;
  const end = await alice.password(await alice.authorize());
  const code = end.url.searchParams.get("code") ?? "";
  const form = {
    grant_type: "authorization_code", code, code_verifier: alice.verifier ?? "", redirect_uri: `${alice.at.app}/stepup/callback.html`,
  };
  const asked = await alice.form("/token", form, { DPoP: await prover.proof("POST", url) });
  assert.deepEqual([asked.status, asked.value.error], [400, "use_dpop_nonce"]);
  const { "dpop-nonce": nonce, "access-control-expose-headers": exposed } = asked.headers;
  assert.match(String(exposed), /DPoP-Nonce/);
  // The code is still good.
  const answer = await alice.form("/token", form, { DPoP: await prover.proof("POST", url, undefined, { nonce }) });
  assert.equal(answer.value.token_type, "DPoP");

  const ask = { nonce: "n-1", scope: "openid transfers:write", acr_values: "AL3", login_hint: "alice" };
  const { publicKey, auth_session } = (await alice.form("/passkey/options", ask)).value;
  const credential = JSON.stringify(key.get(publicKey, alice.at.app));
  const grant = { ...ask, grant_type: "urn:bank:passkey", credential, auth_session };
  const bare = await alice.form("/token", grant, { DPoP: await prover.proof("POST", url) });
  assert.equal(bare.value.error, "use_dpop_nonce");
  const DPoP = await prover.proof("POST", url, undefined, { nonce });
  const tokens = await alice.form("/token", grant, { DPoP });
  assert.deepEqual([tokens.status, tokens.value.token_type], [200, "DPoP"], JSON.stringify(tokens.value));
  const again = await alice.form("/token", grant, { DPoP });
  assert.notEqual(again.status, 200);
});

test("a first-party app's code is bound to the key that it was asked for with", async (t) => {
  const key = new Authenticator();
  const alice = new Visitor(await open(t, { passkeys: [key.seed()] }));
  const prover = await Prover.make();
  /** @param {Prover | undefined} by */
  const redeem = async (by) => {
    await alice.authorize();
    const ask = {
      response_type: "code", scope: "openid transfers:write", nonce: "n-1", acr_values: "AL3", login_hint: "alice", dpop_jkt: prover.thumbprint,
      code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", code_challenge_method: "S256",
    };
    const { publicKey, auth_session } = (await alice.form("/authorize-challenge", ask)).value;
    const credential = JSON.stringify(key.get(publicKey, alice.at.app));
    const { authorization_code: code } = (await alice.form("/authorize-challenge", { auth_session, credential })).value;
    const form = { grant_type: "authorization_code", code, code_verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" };
    const DPoP = await by?.proof("POST", `${alice.at.issuer}/token`);
    return (await alice.form("/token", form, DPoP ? { DPoP } : {})).value;
  };
  assert.equal((await redeem(undefined)).error, "invalid_grant");
  assert.equal((await redeem(await Prover.make())).error, "invalid_grant");
  assert.equal((await redeem(prover)).token_type, "DPoP");
});
