/** A passkey by endpoints of the provider: what is sent, and what their answers lead to. */

import assert from "node:assert/strict";
import { beforeEach, suite, test } from "node:test";

import { ISSUER, OPTIONS, TOKEN, idToken, provider, tokens } from "./issuer.js";
import { Asking, Stage, assertion, built, challenge, json, never, refusal } from "./stage.js";

/** @type {typeof import("../../src/js/index.d.ts")} */
const { createStepUp } = await import(built);

const API = "https://api.example/transfers";

suite("passkeys by endpoints", () => {
  /** @type {Stage} */
  let stage;
  /** @type {Asking} */
  let gate;

  beforeEach(() => {
    stage = new Stage();
    gate = new Asking();
    stage.answers = {
      ...provider(),
      [API]: ({ headers }) =>
        headers.get("authorization") === "Bearer high"
          ? new Response("done")
          : challenge("AL3 phr", {}, ", max_age=60"),
    };
  });

  /** @param {Partial<import("../../src/js/index.d.ts").StepUpOptions>} [options] */
  const make = (options) =>
    stage.watch(
      createStepUp({
        apis: ["https://api.example"],
        issuer: ISSUER,
        clientId: "app",
        redirectUri: "/stepup/callback.html",
        session: () => ({ accessToken: "low", sub: "alice", loginHint: "alice@bank", scope: "openid read" }),
        passkey: { options: OPTIONS, token: TOKEN },
        gate: gate.option,
        // What goes wrong here ends soon.
        promptTimeout: 10,
        ...options,
      }),
    );

  test("both endpoints get a form with what is demanded, without cookies, and the request leaves again", async () => {
    const stepup = make({ apis: [{ origin: "https://api.example", resource: "urn:bank" }] });
    const init = { method: "POST", body: "amount=1", headers: { "x-mark": "1" } };
    assert.equal(await (await stepup.fetch(API, init)).text(), "done");

    const { nonce, ...options } = stage.form(OPTIONS);
    assert.match(String(nonce), /^[\w-]{22,}$/);
    const demanded = { client_id: "app", scope: "openid read", acr_values: "AL3 phr", max_age: "60", resource: "urn:bank" };
    assert.deepEqual(options, { ...demanded, login_hint: "alice@bank" });
    const { credential, ...token } = stage.form(TOKEN);
    assert.deepEqual(token, { ...demanded, nonce, auth_session: "s 1&=" });
    assert.deepEqual(JSON.parse(String(credential)), assertion("for-AQID"));

    for (const address of [OPTIONS, TOKEN]) {
      const [{ method, headers, credentials, redirect }, ...more] = /** @type {[any]} */ (stage.to(address));
      assert.deepEqual([method, credentials, redirect, more], ["POST", "omit", "error", []]);
      assert.equal(headers.get("content-type"), "application/x-www-form-urlencoded");
      assert.equal(headers.get("authorization"), null);
      // Else there would be a preflight (Fetch §2.2.2).
      assert.deepEqual([...headers.keys()].sort(), ["accept", "content-type"]);
    }
    assert.deepEqual(stage.to(API).map(({ headers, body }) => [headers.get("authorization"), headers.get("x-mark"), body]), [
      ["Bearer low", "1", "amount=1"],
      ["Bearer high", "1", "amount=1"],
    ]);
    assert.deepEqual(stage.ceremonies.map(({ publicKey }) => publicKey), [{ challenge: "AQID", rpId: "app.example" }]);
    assert.deepEqual(gate.models, []);
    assert.deepEqual(stage.opened, []);
  });

  test("the events name the endpoints and the browser's dialog, and hold nothing secret", async () => {
    await make().fetch(API);
    const requests = stage.events.filter(({ type }) => type === "request").map(({ detail }) => detail);
    const of = (/** @type {string} */ target) =>
      requests.filter((detail) => detail.target === target).map(({ method, url, status }) => [method, url, status]);
    assert.deepEqual(of("passkey_options"), [["POST", OPTIONS, 200]]);
    assert.deepEqual(of("passkey_token"), [["POST", TOKEN, 200]]);
    const prompts = stage.events.filter(({ type }) => type === "prompt");
    assert.deepEqual(prompts.map(({ detail: { method, shown } }) => [method, shown]), [["passkey", "dialog"]]);
    const text = JSON.stringify(stage.events);
    for (const secret of ["high", "s 1&=", "for-AQID", stage.form(TOKEN).nonce, "AQID"])
      assert.ok(secret && !text.includes(secret), secret);
  });

  test("t57 the SDK's own requests go by no wrapper of its own, also where the provider is an API too", async () => {
    const stepup = make({ apis: ["https://api.example", ISSUER] });
    const undo = stepup.install();
    try {
      assert.equal((await fetch(API)).status, 200);
    } finally {
      undo();
    }
    for (const address of [OPTIONS, TOKEN, `${ISSUER}/keys`, `${ISSUER}/.well-known/openid-configuration`]) {
      const sent = stage.to(address).map(({ headers }) => headers.get("authorization"));
      assert.deepEqual(sent, [null], address);
    }
  });

  test("what is not demanded is not sent, and grantType is; the ID token of the session goes as a hint", async () => {
    const hint = await idToken();
    const session = () => ({ accessToken: "low", idToken: hint, loginHint: "alice@bank" });
    const stepup = make({ session, passkey: { options: OPTIONS, token: TOKEN, grantType: "urn:bank:passkey" } });
    stage.answers[API] = ({ headers }) =>
      headers.get("authorization") === "Bearer high"
        ? new Response("done")
        : new Response(null, {
            status: 401,
            headers: { "www-authenticate": 'Bearer error="insufficient_user_authentication"' },
          });
    assert.equal((await stepup.fetch(API)).status, 200);
    const { nonce, ...options } = stage.form(OPTIONS);
    assert.deepEqual(options, { client_id: "app", scope: "openid", id_token_hint: hint });
    const { credential, ...token } = stage.form(TOKEN);
    assert.ok(credential);
    assert.deepEqual(token, { grant_type: "urn:bank:passkey", client_id: "app", nonce, scope: "openid", auth_session: "s 1&=" });
  });

  test("options may come bare, and then there is no session to send back", async () => {
    stage.answers[OPTIONS] = () => json({ challenge: "BQYH", timeout: 1000 });
    assert.equal((await make().fetch(API)).status, 200);
    assert.deepEqual(stage.ceremonies[0].publicKey, { challenge: "BQYH", timeout: 1000 });
    assert.equal("auth_session" in stage.form(TOKEN), false);
  });

  test("ensure() tells what the ID token says, and its token serves the next request at once", async () => {
    const stepup = make();
    const { acr, amr, verified, scope, authTime } = await stepup.ensure({ acr: "AL3" });
    assert.deepEqual({ acr, amr, verified, scope }, { acr: "AL3", amr: ["hwk", "user"], verified: true, scope: ["openid", "read"] });
    assert.ok(authTime && Math.abs(authTime - Date.now() / 1000) < 5);
    assert.equal((await stepup.fetch(API)).status, 200);
    assert.equal(stage.to(API).length, 1);
    assert.equal(stage.ceremonies.length, 1);
  });

  test("t27 an ID token without the nonce that was sent is refused, unless the server is known to repeat none", async () => {
    for (const nonce of [undefined, "another"]) {
      stage.answers[TOKEN] = () => tokens({ nonce });
      const error = await refusal(make({ gate: false }).fetch(API));
      assert.equal(error.code, "id_token_invalid");
      assert.equal(error.response.bodyUsed, false);
    }
    stage.answers[TOKEN] = () => tokens({});
    const lax = make({ passkey: { options: OPTIONS, token: TOKEN, nonce: false } });
    assert.equal((await lax.fetch(API)).status, 200);
  });

  test("t46 what the ID token says decides, not that there was a passkey", async () => {
    const now = Math.floor(Date.now() / 1000);
    for (const [claims, code] of /** @type {const} */ ([
      [{ acr: "AL1" }, "assurance_not_met"],
      [{ acr: undefined }, "assurance_not_met"],
      [{ auth_time: now - 3600 }, "assurance_stale"],
      [{ auth_time: undefined }, "assurance_unverifiable"],
      [{ sub: "bob" }, "subject_mismatch"],
    ])) {
      stage.answers[TOKEN] = ({ body }) => tokens({ nonce: new URLSearchParams(body).get("nonce"), ...claims });
      assert.equal((await refusal(make().fetch(API))).code, code, JSON.stringify(claims));
    }
    stage.answers[TOKEN] = () => json({ access_token: "high", token_type: "Bearer" });
    assert.equal((await refusal(make().fetch(API))).code, "assurance_unverifiable");
    assert.ok(stage.to(API).every(({ headers }) => headers.get("authorization") === "Bearer low"));
  });

  /** @type {[string, import("./stage.js").Answer, string][]} */
  const REFUSALS = [
    ["an OAuth error", () => json({ error: "invalid_request" }, 400), "token_refused"],
    ["unmet_authentication_requirements", () => json({ error: "unmet_authentication_requirements" }, 400), "assurance_unavailable"],
    ["subject_mismatch", () => json({ error: "subject_mismatch" }, 403), "subject_mismatch"],
    ["HTML with an error status", () => new Response("<h1>Oops</h1>", { status: 502, headers: { "content-type": "text/html" } }), "token_refused"],
    ["HTML with status 200", () => new Response("<h1>Hi</h1>", { headers: { "content-type": "text/html" } }), "provider_unreachable"],
    ["JSON that is no options", () => json({ publicKey: "AQID" }), "provider_unreachable"],
    ["options with an error status", () => json({ challenge: "AQID" }, 500), "token_refused"],
    ["a network failure", () => Promise.reject(new TypeError("network")), "provider_unreachable"],
  ];
  for (const [what, answer, code] of REFUSALS)
    test(`${what} in place of options: the gate says so, and cancelling tells why; without a gate it ends at once`, async () => {
      stage.answers[OPTIONS] = answer;
      const asking = refusal(make().fetch(API));
      const model = await gate.shows("failed");
      assert.deepEqual(model, { state: "failed", origin: ISSUER, methods: ["passkey", "popup"], error: code });
      gate.choose("cancel");
      const error = await asking;
      assert.deepEqual([error.code, error.response.status, error.response.bodyUsed], [code, 401, false]);
      assert.equal(gate.closed, 1);
      assert.equal((await refusal(make({ gate: false }).fetch(API))).code, code);
      assert.deepEqual(stage.ceremonies, []);
      assert.deepEqual(stage.opened, []);
    });

  test("options that never come end with the time limit of requests, and their request with it", async () => {
    /** @type {AbortSignal | undefined} */
    let signal;
    stage.answers[OPTIONS] = (sent, given) => {
      signal = given;
      return never(sent, given);
    };
    const began = Date.now();
    const error = await refusal(make({ gate: false, requestTimeout: 1 }).fetch(API));
    assert.equal(error.code, "timed_out");
    assert.equal(signal?.aborted, true);
    assert.ok(Date.now() - began < 5000);
  });

  test("a server that says the user has no passkey leaves the other ways only", async () => {
    stage.answers[OPTIONS] = () => json({ error: "redirect_to_web" }, 400);
    const asking = refusal(make().fetch(API));
    const model = await gate.shows("choose");
    assert.deepEqual(model.methods, ["popup"]);
    gate.choose("cancel");
    assert.equal((await asking).code, "passkey_unavailable");
  });

  test("a token endpoint that refuses, or never answers, is told like options that fail", async () => {
    for (const [answer, code] of /** @type {[import("./stage.js").Answer, string][]} */ ([
      [() => json({ error: "invalid_grant" }, 400), "token_refused"],
      [() => new Response("<p>", { status: 200 }), "provider_unreachable"],
      [() => json({ token_type: "Bearer" }), "token_refused"],
      [never, "timed_out"],
    ])) {
      stage.answers[TOKEN] = answer;
      gate = new Asking();
      const asking = refusal(make({ gate: gate.option, requestTimeout: 1 }).fetch(API));
      assert.equal((await gate.shows("failed")).error, code);
      gate.choose("cancel");
      assert.equal((await asking).code, code);
      assert.equal((await refusal(make({ gate: false, requestTimeout: 1 }).fetch(API))).code, code);
    }
  });

  test("options are used once: to try again gets new ones", async () => {
    let round = 0;
    stage.answers[OPTIONS] = () => json({ challenge: `QUFB${(round += 1)}`, auth_session: `s${round}` });
    stage.authenticator = async ({ publicKey }) => {
      if (round === 1) throw new DOMException("no", "NotAllowedError");
      return { toJSON: () => assertion(`for-${publicKey.challenge}`) };
    };
    const asking = make().fetch(API);
    assert.equal((await gate.shows("failed")).error, "passkey_refused");
    gate.choose("retry");
    assert.equal((await asking).status, 200);
    assert.deepEqual(stage.ceremonies.map(({ publicKey }) => publicKey.challenge), ["QUFB1", "QUFB2"]);
    assert.deepEqual([stage.form(TOKEN).auth_session, JSON.parse(String(stage.form(TOKEN).credential)).id], ["s2", "for-QUFB2"]);
  });

  test("beforeCeremony is awaited before the authenticator is asked, and its failure is told", async () => {
    /** @type {string[]} */
    const order = [];
    const before = async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      order.push(`before ${stage.ceremonies.length}`);
    };
    assert.equal((await make({ beforeCeremony: before }).fetch(API)).status, 200);
    assert.deepEqual(order, ["before 0"]);
    const cause = new Error("busy");
    const failing = make({ gate: false, beforeCeremony: () => Promise.reject(cause) });
    const error = await refusal(failing.fetch(API));
    assert.deepEqual([error.code, error.cause], ["configuration_invalid", cause]);
    assert.equal(stage.ceremonies.length, 1);
  });

  test("t55 the caller's abort ends the ceremony and rejects with its reason", async () => {
    const caller = new AbortController();
    /** @type {AbortSignal | undefined} */
    let inner;
    stage.authenticator = ({ signal }) => {
      inner = signal;
      queueMicrotask(() => caller.abort("changed my mind"));
      return new Promise(() => {});
    };
    assert.equal(await refusal(make().fetch(API, { signal: caller.signal })), "changed my mind");
    assert.equal(inner?.aborted, true);
    assert.deepEqual(stage.to(TOKEN), []);
  });
});
