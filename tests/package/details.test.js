/** Requests about one thing in particular: what is asked for, what was granted, and what its token is used for. */

import assert from "node:assert/strict";
import { beforeEach, suite, test } from "node:test";

import { BY_PASSKEY, ISSUER, OPTIONS, TOKEN, provider, tokens } from "./issuer.js";
import { APP, Stage, built, challenge, json, refusal } from "./stage.js";

/** @type {typeof import("../../src/js/index.d.ts")} */
const { createStepUp } = await import(built);

const API = "https://api.example/transfers";

/** @param {string} payee @param {string} [amount] */
const paying = (payee, amount = "25.50") => [{ type: "transfer", payee, amount: { value: amount, currency: "EUR" } }];
/** The same in another order. @param {string} payee */
const turned = (payee) => [{ amount: { currency: "EUR", value: "25.50" }, payee, type: "transfer" }];

/** @type {Stage} */
let stage;
/** How many tokens there have been. */
let given = 0;
/** What the provider makes of what it is asked for. @type {(details: any) => unknown} */
let grant;

beforeEach(() => {
  stage = new Stage();
  given = 0;
  // The provider may add to it, and write it in its own order.
  grant = (details) => details?.map((/** @type {any} */ { type, ...more }) => ({ id: "p1", ...more, type }));
  stage.answers = {
    ...provider(),
    [TOKEN]: ({ body }) => {
      const form = new URLSearchParams(body);
      const asked = form.get("authorization_details");
      const granted = grant(asked ? JSON.parse(asked) : undefined);
      given += 1;
      return tokens({ nonce: form.get("nonce") }, { access_token: `t${given}`, authorization_details: granted });
    },
    [API]: ({ headers }) => (/^Bearer t/.test(headers.get("authorization") ?? "") ? new Response("done") : challenge()),
  };
});

/** @param {Partial<import("../../src/js/index.d.ts").StepUpOptions>} [options] */
const make = (options) =>
  stage.watch(
    createStepUp({
      ...BY_PASSKEY,
      promptTimeout: 10,
      ...options,
    }),
  );

const authorizations = () => stage.to(API).map(({ headers }) => headers.get("authorization"));

suite("a request about one thing in particular", () => {
  test("t09 asks for that, and its token is used for nothing else", async () => {
    const stepup = make();
    const authorizationDetails = paying("rent");
    assert.equal((await stepup.fetch(API, { method: "POST", stepup: { authorizationDetails } })).status, 200);
    for (const address of [OPTIONS, TOKEN])
      assert.deepEqual(JSON.parse(stage.form(address).authorization_details ?? ""), authorizationDetails);
    assert.equal(stepup.token(), undefined);
    // Neither another request nor the same payment again is sent with it.
    await stepup.fetch(API, { method: "POST", stepup: { authorizationDetails } });
    await stepup.fetch(API);
    assert.deepEqual(authorizations(), ["low", "t1", "low", "t2", "low", "t3"].map((token) => `Bearer ${token}`));
    assert.equal(stage.ceremonies.length, 3);
  });

  test("t09 tells in its events what it is about, as it is", async () => {
    await make().fetch(API, { stepup: { authorizationDetails: paying("rent") } });
    const found = stage.events.find(({ type }) => type === "challenge")?.detail.requirement;
    assert.deepEqual(found, { acrValues: ["AL3"], scope: [], authorizationDetails: paying("rent") });
  });

  test("t09 is confirmed by itself, also where another says the same", async () => {
    const stepup = make();
    const details = [paying("rent"), turned("rent"), paying("savings"), paying("rent", "9.99"), undefined];
    const answers = await Promise.all(
      details.map((authorizationDetails) => stepup.fetch(API, { stepup: { authorizationDetails } })),
    );
    assert.ok(answers.every(({ ok }) => ok));
    assert.equal(stage.ceremonies.length, 5);
    const asked = stage.to(TOKEN).map(({ body }) => new URLSearchParams(body).get("authorization_details"));
    assert.deepEqual(asked.map((text) => text && JSON.parse(text)[0].payee), ["rent", "rent", "savings", "rent", null]);
  });

  test("t09 keeps that while its token is renewed", async () => {
    const stepup = make({ renew: true });
    stage.answers[TOKEN] = ({ body }) => {
      const form = new URLSearchParams(body);
      const asked = form.get("authorization_details");
      given += 1;
      const granted = grant(asked ? JSON.parse(asked) : undefined);
      const claims = { nonce: form.get("nonce"), acr: form.get("acr_values") };
      return tokens(claims, { access_token: `t${given}`, refresh_token: "r", authorization_details: granted });
    };
    stage.answers[`${ISSUER}/token`] = () => json({ access_token: `t${(given += 1)}`, token_type: "Bearer" });
    await stepup.ensure({ acr: "AL3" });
    stage.answers[API] = ({ headers }) => {
      const token = headers.get("authorization");
      if (token === "Bearer t1") return new Response("", { status: 401, headers: { "www-authenticate": 'Bearer error="invalid_token"' } });
      return token === "Bearer t2" ? challenge("AL4") : new Response("done");
    };
    const authorizationDetails = paying("rent");
    assert.equal((await stepup.fetch(API, { method: "POST", stepup: { authorizationDetails } })).status, 200);
    assert.deepEqual(authorizations(), ["Bearer t1", "Bearer t2", "Bearer t3"]);
    assert.deepEqual(JSON.parse(stage.form(TOKEN).authorization_details ?? "null"), authorizationDetails);
  });

  test("t09 that was ensured before leaves once, with its own token", async () => {
    const stepup = make();
    await stepup.ensure({ acr: "AL3" });
    await stepup.ensure({ acr: "AL3", authorizationDetails: paying("rent") });
    const fetched = async (/** @type {any} */ authorizationDetails) =>
      (await stepup.fetch(API, { method: "POST", stepup: { authorizationDetails } })).status;
    await fetched(undefined);
    await fetched(turned("rent"));
    await fetched(turned("rent"));
    assert.deepEqual(authorizations(), ["Bearer t1", "Bearer t2", "Bearer t1"]);
  });

  test("t09 is not sent with anything else that was granted", async () => {
    for (const other of [
      () => undefined,
      () => [],
      () => paying("savings"),
      () => paying("rent", "9999.00"),
      () => "transfer",
      () => [{ type: "transfer" }],
    ]) {
      grant = other;
      stage.sent.length = 0;
      const stepup = make();
      const error = await refusal(stepup.fetch(API, { stepup: { authorizationDetails: paying("rent") } }));
      assert.deepEqual([error.code, error.response.status], ["authorization_details_refused", 401]);
      assert.deepEqual(authorizations(), ["Bearer low"]);
    }
    stage.answers[TOKEN] = () => json({ error: "invalid_authorization_details" }, 400);
    const error = await refusal(make().fetch(API, { stepup: { authorizationDetails: paying("rent") } }));
    assert.equal(error.code, "authorization_details_refused");
  });

  test("t09 with details that are none is configuration_invalid", async () => {
    /** @type {any} */
    const circle = { type: "circle" };
    circle.of = circle;
    for (const authorizationDetails of /** @type {any[]} */ ([[circle], [{}], {}, "transfer", [{ type: 1 }]])) {
      assert.equal((await refusal(make().ensure({ authorizationDetails }))).code, "configuration_invalid");
      const error = await refusal(make().fetch(API, { stepup: { authorizationDetails } }));
      assert.equal(error.code, "configuration_invalid");
    }
    assert.deepEqual(stage.to(OPTIONS), []);
  });
});

test("the app's own authenticate is told what is asked for, and may tell what was granted", async () => {
  /** @type {unknown[]} */
  const asked = [];
  let details = /** @type {any} */ (undefined);
  const stepup = make({
    issuer: undefined, passkey: undefined, methods: undefined,
    authenticate: async ({ requirement }) => {
      asked.push(requirement.authorizationDetails);
      return { accessToken: "t1", authorizationDetails: details };
    },
  });
  const authorizationDetails = paying("rent");
  assert.equal((await stepup.fetch(API, { stepup: { authorizationDetails } })).status, 200);
  details = turned("rent");
  assert.equal((await stepup.fetch(API, { stepup: { authorizationDetails } })).status, 200);
  details = paying("savings");
  const error = await refusal(stepup.fetch(API, { stepup: { authorizationDetails } }));
  assert.equal(error.code, "authorization_details_refused");
  assert.deepEqual(asked, [authorizationDetails, authorizationDetails, authorizationDetails]);
});

test("a backend gets them as JSON", async () => {
  stage.answers[`${APP}/bff/options`] = () => json({ challenge: "AQID" });
  stage.answers[`${APP}/bff/verify`] = () => json({});
  const stepup = make({ issuer: undefined, passkey: undefined, bff: { passkey: { options: "/bff/options", verify: "/bff/verify" } } });
  await stepup.ensure({ authorizationDetails: paying("rent") });
  for (const path of ["options", "verify"])
    assert.deepEqual(JSON.parse(stage.to(`${APP}/bff/${path}`)[0]?.body ?? "").authorization_details, paying("rent"));
});
