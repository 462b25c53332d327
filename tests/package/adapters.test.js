/** Adapters: a server's own shapes around the documented ones, and the adapters that come with the package. */

import assert from "node:assert/strict";
import { beforeEach, suite, test } from "node:test";
import { pathToFileURL } from "node:url";
import { join } from "node:path";

import { ISSUER, OPTIONS, TOKEN, provider, tokens } from "./issuer.js";
import { packageFolder } from "./project.js";
import { APP, Asking, Stage, assertion, built, challenge, json, refusal } from "./stage.js";

/** @type {typeof import("../../src/js/index.d.ts")} */
const { createStepUp, StepUpError } = await import(built);
/** @type {typeof import("../../src/js/adapters.d.ts")} */
const { auth0, simpleWebAuthn } = await import(pathToFileURL(join(packageFolder, "adapters.js")).href);

const API = "https://api.example/transfers";

/** @typedef {import("../../src/js/index.d.ts").PasskeyFields} PasskeyFields */
/** @typedef {import("../../src/js/index.d.ts").PasskeyAdapter} PasskeyAdapter */

/** @type {Stage} */
let stage;

beforeEach(() => {
  stage = new Stage();
  stage.answers = {
    ...provider(),
    [API]: ({ headers }) =>
      headers.get("authorization") === "Bearer high" ? new Response("done") : challenge("AL3", {}, ", max_age=60"),
  };
});

/** @param {Partial<import("../../src/js/index.d.ts").StepUpOptions>} options */
const make = (options) =>
  stage.watch(
    createStepUp({
      apis: ["https://api.example"],
      issuer: ISSUER,
      clientId: "app",
      redirectUri: "/stepup/callback.html",
      session: () => ({ accessToken: "low", sub: "alice" }),
      gate: false,
      // What goes wrong here ends soon.
      promptTimeout: 10,
      ...options,
    }),
  );

/** @param {PasskeyAdapter} adapter */
const adapted = (adapter) => make({ passkey: { options: OPTIONS, token: TOKEN, adapter } });

suite("an adapter", () => {
  test("gets the documented fields, and what it leaves out stays as documented", async () => {
    /** @type {PasskeyFields[]} */
    const fields = [];
    const stepup = adapted({
      optionsRequest: (given) => {
        fields.push(given);
        return { headers: { "X-Tenant": "t1" }, body: new URLSearchParams({ who: String(given.client_id) }) };
      },
      tokenRequest: (given) => {
        fields.push(given);
        return { body: `raw=${given.auth_session}`, headers: { "Content-Type": "text/plain" } };
      },
    });
    stage.answers[TOKEN] = () => tokens({ nonce: fields[0]?.nonce });
    assert.equal((await stepup.fetch(API)).status, 200);
    const demanded = { client_id: "app", scope: "openid", acr_values: "AL3", max_age: "60" };
    const { nonce } = /** @type {PasskeyFields} */ (fields[0]);
    assert.ok(nonce);
    assert.deepEqual(fields, [
      { ...demanded, nonce },
      { ...demanded, nonce, auth_session: "s 1&=", credential: assertion("for-AQID") },
    ]);
    const [first] = stage.to(OPTIONS);
    assert.deepEqual(
      [first?.method, first?.body, first?.headers.get("x-tenant"), first?.headers.get("content-type")],
      ["POST", "who=app", "t1", "application/x-www-form-urlencoded"],
    );
    const [second] = stage.to(TOKEN);
    assert.deepEqual([second?.body, second?.headers.get("content-type")], ["raw=s 1&=", "text/plain"]);
    assert.deepEqual([first?.credentials, second?.credentials], ["omit", "omit"]);
  });

  test("a GET has no body, an object goes as JSON, and the event tells the method", async () => {
    const stepup = adapted({
      optionsRequest: async () => ({ method: "GET" }),
      tokenRequest: async (fields) => ({ method: "PUT", body: { nested: fields } }),
    });
    stage.answers[TOKEN] = ({ body }) => tokens({ nonce: JSON.parse(body).nested.nonce });
    assert.equal((await stepup.fetch(API)).status, 200);
    const [options] = stage.to(OPTIONS);
    assert.deepEqual([options?.method, options?.body, options?.headers.get("content-type")], ["GET", "", null]);
    const [token] = stage.to(TOKEN);
    assert.deepEqual([token?.method, token?.headers.get("content-type")], ["PUT", "application/json"]);
    assert.deepEqual(JSON.parse(String(token?.body)).nested.credential, assertion("for-AQID"));
    const told = stage.events.filter(({ detail }) => /^passkey_/.test(detail.target));
    assert.deepEqual(told.map(({ detail }) => detail.method), ["GET", "PUT"]);
  });

  test("reads answers of another shape, and is told whether the status was good", async () => {
    /** @type {boolean[]} */
    const oks = [];
    stage.answers[OPTIONS] = () => json({ data: { challenge: "BwgJ" } }, 200);
    stage.answers[TOKEN] = async ({ body }) => {
      const answer = await (await tokens({ nonce: new URLSearchParams(body).get("nonce") })).json();
      return json({ result: answer });
    };
    const stepup = adapted({
      optionsResponse: async (answer, ok) => (oks.push(ok), answer.data),
      tokenResponse: async (answer, ok) => (oks.push(ok), answer.result),
    });
    assert.equal((await stepup.fetch(API)).status, 200);
    assert.equal(stage.ceremonies[0].publicKey.challenge, "BwgJ");
    assert.deepEqual(oks, [true, true]);
    stage.answers[OPTIONS] = () => json({ data: { challenge: "BwgJ" } }, 400);
    // What an adapter makes of an error status is no success.
    assert.equal((await refusal(stepup.ensure({ acr: "phr" }))).code, "token_refused");
    assert.deepEqual(oks, [true, true, false]);
  });

  test("may turn an error of its server into an OAuth one", async () => {
    stage.answers[OPTIONS] = () => json({ problem: "level" }, 422);
    const optionsResponse = (/** @type {any} */ answer, /** @type {boolean} */ ok) =>
      ok ? answer : { error: "unmet_authentication_requirements" };
    assert.equal((await refusal(adapted({ optionsResponse }).fetch(API))).code, "assurance_unavailable");
  });

  for (const hook of /** @type {const} */ (["optionsRequest", "optionsResponse", "tokenRequest", "tokenResponse"]))
    test(`that throws in ${hook} fails the passkey: configuration_invalid with the cause, or its own code`, async () => {
      const cause = new Error("oops");
      for (const fail of [() => { throw cause; }, () => Promise.reject(cause)]) {
        const error = await refusal(adapted({ [hook]: fail }).fetch(API));
        assert.deepEqual([error.code, error.cause], ["configuration_invalid", cause]);
        assert.equal(error.response.bodyUsed, false);
      }
      const own = () => Promise.reject(new StepUpError("assurance_unavailable"));
      assert.equal((await refusal(adapted({ [hook]: own }).fetch(API))).code, "assurance_unavailable");
    });

  test("whose mistake it is to hand out nonsense fails as one", async () => {
    for (const nonsense of [undefined, null, "AQID", { publicKey: 1 }]) {
      const optionsResponse = () => /** @type {any} */ (nonsense);
      assert.equal((await refusal(adapted({ optionsResponse }).fetch(API))).code, "provider_unreachable");
    }
    assert.deepEqual(stage.ceremonies, []);
  });
});

suite("simpleWebAuthn", () => {
  const endpoints = { options: "/generate-authentication-options", verify: "/verify-authentication" };
  const [options, verify] = [`${APP}/generate-authentication-options`, `${APP}/verify-authentication`];
  let raised = false;

  beforeEach(() => {
    raised = false;
    stage.answers = {
      [`${APP}/api/transfers`]: () => (raised ? new Response("done") : challenge()),
      [options]: () => json({ challenge: "AQID" }),
      [verify]: ({ body }) => {
        raised = JSON.parse(body).id === "for-AQID";
        return json({ verified: raised });
      },
    };
  });
  /** @param {Partial<Parameters<typeof simpleWebAuthn>[0]>} [more] @param {import("../../src/js/index.d.ts").OwnGate} [gate] */
  const backend = (more, gate) =>
    stage.watch(
      createStepUp({
        apis: [{ origin: "/", pathPrefix: "/api" }],
        bff: { passkey: simpleWebAuthn({ ...endpoints, ...more }), csrf: { header: "X-CSRF", token: () => "c1" } },
        gate: gate ?? false,
        promptTimeout: 10,
      }),
    );

  test("options come bare by GET, the assertion goes bare, with the cookie", async () => {
    assert.equal((await backend().fetch("/api/transfers")).status, 200);
    const [[asked], [told]] = [stage.to(options), stage.to(verify)];
    assert.deepEqual([asked?.method, asked?.body, asked?.credentials], ["GET", "", "include"]);
    assert.equal(asked?.headers.get("x-csrf"), null);
    assert.deepEqual([told?.method, told?.credentials, told?.headers.get("x-csrf")], ["POST", "include", "c1"]);
    assert.deepEqual(JSON.parse(String(told?.body)), assertion("for-AQID"));
    assert.equal(told?.headers.get("content-type"), "application/json");
  });

  test("options may be asked for by POST", async () => {
    await backend({ method: "POST" }).fetch("/api/transfers");
    const [asked] = stage.to(options);
    assert.deepEqual([asked?.method, asked?.body, asked?.headers.get("x-csrf")], ["POST", "{}", "c1"]);
  });

  test("an assertion that is not verified is token_refused, and nothing is sent again", async () => {
    for (const answer of [{ verified: false }, {}, null]) {
      stage.answers[verify] = () => json(/** @type {any} */ (answer));
      const gate = new Asking();
      const asking = refusal(backend({}, gate.option).fetch("/api/transfers"));
      assert.equal((await gate.shows("failed")).error, "token_refused");
      gate.choose("cancel");
      assert.equal((await asking).code, "token_refused");
    }
    stage.answers[verify] = () => json({ error: "no such user" }, 400);
    assert.equal((await refusal(backend().fetch("/api/transfers"))).code, "token_refused");
    assert.equal(stage.to(`${APP}/api/transfers`).length, 4);
  });
});

suite("auth0", () => {
  const [options, token] = ["https://login.example/passkey/challenge", "https://login.example/oauth/token"];

  test("asks as Auth0 documents its passkey endpoints, and its ID token needs no nonce", async () => {
    stage.answers[options] = () =>
      json({ auth_session: "as1", authn_params_public_key: { challenge: "AQID", rpId: "login.example", timeout: 60000, userVerification: "preferred" } });
    stage.answers[token] = () => tokens({}, { scope: "openid" });
    const passkey = auth0({ domain: "login.example", realm: "Users", audience: "https://api.example" });
    assert.equal((await make({ passkey }).fetch(API)).status, 200);
    const [[asked], [traded]] = [stage.to(options), stage.to(token)];
    assert.deepEqual([asked?.method, asked?.headers.get("content-type"), asked?.credentials], ["POST", "application/json", "omit"]);
    assert.deepEqual(JSON.parse(String(asked?.body)), { client_id: "app", realm: "Users" });
    assert.deepEqual([traded?.method, traded?.headers.get("content-type"), traded?.credentials], ["POST", "application/json", "omit"]);
    assert.deepEqual(JSON.parse(String(traded?.body)), {
      grant_type: "urn:okta:params:oauth:grant-type:webauthn",
      client_id: "app",
      realm: "Users",
      audience: "https://api.example",
      scope: "openid",
      auth_session: "as1",
      authn_response: assertion("for-AQID"),
    });
    assert.equal(stage.ceremonies[0].publicKey.rpId, "login.example");
  });

  test("what is not configured is left out, and its errors are told", async () => {
    stage.answers[options] = () => json({ auth_session: "as1", authn_params_public_key: { challenge: "AQID" } });
    stage.answers[token] = () => json({ error: "access_denied", error_description: "no" }, 403);
    const passkey = auth0({ domain: "login.example" });
    assert.equal((await refusal(make({ passkey }).fetch(API))).code, "token_refused");
    assert.deepEqual(JSON.parse(String(stage.to(options)[0]?.body)), { client_id: "app" });
    assert.ok(!/realm|audience/.test(String(stage.to(token)[0]?.body)));
    stage.answers[options] = () => json({ error: "unauthorized_client" }, 403);
    assert.equal((await refusal(make({ passkey }).fetch(API))).code, "token_refused");
    assert.equal(stage.ceremonies.length, 1);
  });

  test("t46 an ID token that is old proves nothing new", async () => {
    stage.answers[options] = () => json({ auth_session: "as1", authn_params_public_key: { challenge: "AQID" } });
    const then = Math.floor(Date.now() / 1000) - 200;
    stage.answers[token] = () => tokens({ iat: then, auth_time: then });
    assert.equal((await refusal(make({ passkey: auth0({ domain: "login.example" }) }).fetch(API))).code, "assurance_stale");
  });
});
