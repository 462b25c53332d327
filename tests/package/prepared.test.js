/** Options for a passkey that are fetched ahead: what is left to be sent after the click. */

import assert from "node:assert/strict";
import { beforeEach, suite, test } from "node:test";

import { ISSUER, OPTIONS, TOKEN, idToken, provider } from "./issuer.js";
import { Asking, Stage, built, challenge, json, refusal, until } from "./stage.js";

/** @type {typeof import("../../src/js/index.d.ts")} */
const { createStepUp } = await import(built);

/** @typedef {import("../../src/js/index.d.ts").StepUpOptions} StepUpOptions */

const API = "https://api.example/transfers";

/** @type {Stage} */
let stage;
/** The app's session. */
let session = { accessToken: "low", sub: "alice", loginHint: "alice@bank", scope: "openid read" };

beforeEach(() => {
  stage = new Stage();
  session = { accessToken: "low", sub: "alice", loginHint: "alice@bank", scope: "openid read" };
  stage.answers = {
    ...provider(),
    [API]: ({ headers }) => (headers.get("authorization") === "Bearer high" ? new Response("done") : challenge()),
  };
});

/** @satisfies {import("../../src/js/index.d.ts").Rule} */
const transfers = { method: "POST", url: "/transfers", require: { acr: "AL3", maxAge: 60 } };

/** @param {Partial<StepUpOptions>} [options] */
const make = (options) =>
  stage.watch(
    createStepUp({
      apis: ["https://api.example"],
      issuer: ISSUER,
      clientId: "app",
      redirectUri: "/stepup/callback.html",
      session: () => session,
      passkey: { options: OPTIONS, token: TOKEN },
      gate: new Asking().option,
      rules: [transfers],
      // What goes wrong here ends soon.
      promptTimeout: 10,
      ...options,
    }),
  );

const post = { method: "POST", body: "amount=1" };

suite("options that are fetched ahead", () => {
  test("are not waited for without end", async () => {
    const stepup = make({ session: () => new Promise(() => {}), promptTimeout: 1 });
    assert.equal(await stepup.prepare(transfers), false);
  });

  test("leave two requests after the click: the assertion, and the request itself", async () => {
    const stepup = make();
    stage.activation.isActive = false;
    assert.equal(await stepup.prepare(transfers), true);
    assert.deepEqual([stage.ceremonies, stage.opened], [[], []]);
    const ahead = stage.sent.map(({ url }) => url);
    const { nonce } = stage.form(OPTIONS);

    stage.activation.isActive = true;
    assert.equal((await stepup.fetch(API, post)).status, 200);
    const after = stage.sent.slice(ahead.length).map(({ url }) => url);
    assert.deepEqual(after, [TOKEN, API]);
    assert.deepEqual(ahead.sort(), [`${ISSUER}/.well-known/openid-configuration`, `${ISSUER}/keys`, OPTIONS]);
    const { nonce: later, auth_session } = stage.form(TOKEN);
    assert.deepEqual([later, auth_session], [nonce, "s 1&="]);
  });

  test("serve a challenge as well, once, and are asked for when they are used up", async () => {
    const stepup = make({ rules: undefined });
    await stepup.prepare({ acr: "AL3" });
    await stepup.fetch(API, post);
    assert.equal(stage.to(OPTIONS).length, 1);
    stepup.clear();
    await stepup.fetch(API, post);
    assert.equal(stage.to(OPTIONS).length, 2);
    const [first, second] = stage.to(TOKEN).map(({ body }) => new URLSearchParams(body).get("nonce"));
    assert.notEqual(first, second);
  });

  test("are not used for another user, and not after their time", async () => {
    const stepup = make();
    await stepup.prepare(transfers);
    session = { ...session, loginHint: "bob@bank" };
    await stepup.fetch(API, post);
    assert.deepEqual([stage.to(OPTIONS).length, stage.form(OPTIONS).login_hint], [2, "bob@bank"]);

    const late = make({ prepareTtl: 0 });
    await late.prepare(transfers);
    await late.fetch(API, post);
    assert.equal(stage.to(OPTIONS).length, 4);
  });

  test("are fetched once, however often that is asked for", async () => {
    const stepup = make();
    assert.deepEqual(await Promise.all([stepup.prepare(transfers), stepup.prepare(transfers)]), [true, true]);
    assert.equal(await stepup.prepare(transfers), true);
    assert.equal(stage.to(OPTIONS).length, 1);
  });

  test("with a backend leave two as well", async () => {
    stage.answers = {
      "https://app.example/api/transfers": () => new Response("done"),
      "https://app.example/bff/options": () => json({ challenge: "AQID" }),
      "https://app.example/bff/verify": () => json({ acr: "AL3" }),
    };
    const stepup = make({
      apis: [{ origin: "/", pathPrefix: "/api" }],
      issuer: undefined,
      rules: [{ url: "./transfers", require: { acr: "AL3" } }],
      bff: { passkey: { options: "/bff/options", verify: "/bff/verify" } },
    });
    assert.equal(await stepup.prepare({ acr: "AL3" }), true);
    stage.sent = [];
    await stepup.fetch("/api/transfers", post);
    assert.deepEqual(stage.sent.map(({ url }) => url), ["https://app.example/bff/verify", "https://app.example/api/transfers"]);
  });

  test("of a challenge endpoint go on with the transaction that they were asked for in", async () => {
    const metadata = await (await /** @type {any} */ (provider()[`${ISSUER}/.well-known/openid-configuration`])()).json();
    const CHALLENGE = `${ISSUER}/challenge`;
    stage.answers = {
      ...stage.answers,
      [`${ISSUER}/.well-known/openid-configuration`]: () => json({ ...metadata, authorization_challenge_endpoint: CHALLENGE }),
      [CHALLENGE]: ({ body }) =>
        new URLSearchParams(body).has("auth_session")
          ? json({ authorization_code: "c1" })
          : json({ error: "insufficient_authorization", auth_session: "s1", publicKey: { challenge: "AQID" } }, 400),
      [`${ISSUER}/token`]: async () => {
        const nonce = new URLSearchParams(stage.to(CHALLENGE)[0]?.body).get("nonce");
        const id_token = await idToken({ nonce, acr: "AL3", auth_time: Math.floor(Date.now() / 1000) });
        return json({ access_token: "high", token_type: "Bearer", expires_in: 300, id_token });
      },
    };
    const stepup = make({ passkey: undefined, firstPartyApps: true });
    assert.equal(await stepup.prepare(transfers), true);
    const before = stage.sent.length;
    assert.equal((await stepup.fetch(API, post)).status, 200);
    assert.deepEqual(stage.sent.slice(before).map(({ url }) => url), [CHALLENGE, `${ISSUER}/token`, API]);
    assert.deepEqual(stage.form(CHALLENGE).auth_session, "s1");
  });

  test("are no failure where there are none, and prompt nobody", async () => {
    stage.answers[OPTIONS] = () => json({ error: "invalid_client" }, 400);
    assert.equal(await make().prepare(transfers), false);
    const popup = { passkey: undefined };
    assert.equal(await make(popup).prepare(transfers), false);
    assert.equal(await make({ passkey: { token: TOKEN } }).prepare(transfers), false);
    assert.equal(await make({ passkey: { options: OPTIONS, token: TOKEN, acrValues: ["AL2"] } }).prepare(transfers), false);
    assert.equal(await make({ methods: ["popup", "passkey"] }).prepare(transfers), false);
    assert.equal(await make({ ...popup, issuer: undefined, authenticate: async () => "own" }).prepare(transfers), false);
    assert.deepEqual([stage.ceremonies, stage.opened], [[], []]);
  });

  test("cannot be told for a rule that depends on the request", async () => {
    const error = await refusal(make().prepare({ require: () => ({ acr: "AL3" }) }));
    assert.equal(error.code, "configuration_invalid");
    assert.equal((await refusal(make().prepare({ acr: "a b" }))).code, "configuration_invalid");
  });

  test("t67 are forgotten by a logout, also while they are fetched", async () => {
    const stepup = make();
    /** @type {(response: Response) => void} */
    let answer = () => {};
    stage.answers[OPTIONS] = () => new Promise((resolve) => (answer = resolve));
    const prepared = stepup.prepare(transfers);
    await until(() => stage.to(OPTIONS).length === 1);
    stepup.clear();
    assert.equal(await prepared, false);
    answer(json({ challenge: "old" }));
    stage.answers[OPTIONS] = () => json({ challenge: "bmV3" });
    await stepup.fetch(API, post);
    assert.deepEqual(stage.ceremonies.map(({ publicKey }) => publicKey.challenge), ["bmV3"]);
  });
});
