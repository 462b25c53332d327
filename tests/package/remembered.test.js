/** What challenges demand, remembered for the life of the page. */

import assert from "node:assert/strict";
import { beforeEach, suite, test } from "node:test";

import { ISSUER, OPTIONS, TOKEN, provider } from "./issuer.js";
import { Asking, Stage, built, challenge } from "./stage.js";

/** @type {typeof import("../../src/js/index.d.ts")} */
const { createStepUp } = await import(built);

/** @typedef {import("../../src/js/index.d.ts").StepUpOptions} StepUpOptions */

const API = "https://api.example/transfers";

/** @type {Stage} */
let stage;

beforeEach(() => {
  stage = new Stage();
  stage.answers = {
    ...provider(),
    // Transfers of more than 100 need more.
    [API]: ({ headers, body }) =>
      headers.get("authorization") === "Bearer high" || Number(body) <= 100 ? new Response("done") : challenge(),
  };
});

/** Without a scope of the session, a token goes to requests that are known to need it only. @param {Partial<StepUpOptions>} [options] */
const make = (options) =>
  stage.watch(
    createStepUp({
      apis: ["https://api.example"],
      issuer: ISSUER,
      clientId: "app",
      redirectUri: "/stepup/callback.html",
      session: () => ({ accessToken: "low", sub: "alice" }),
      passkey: { options: OPTIONS, token: TOKEN },
      gate: new Asking().option,
      rememberRequirements: true,
      // What goes wrong here ends soon.
      promptTimeout: 10,
      ...options,
    }),
  );

/** @param {import("../../src/js/index.d.ts").StepUp} stepup @param {number} amount */
const transfer = async (stepup, amount) => {
  stage.sent = [];
  assert.equal((await stepup.fetch(API, { method: "POST", body: `${amount}` })).status, 200);
  return stage.to(API).map(({ headers }) => headers.get("authorization"));
};

suite("what a challenge demands", () => {
  test("is known of the next request of the kind, which brings the right token", async () => {
    const stepup = make();
    assert.deepEqual(await transfer(stepup, 500), ["Bearer low", "Bearer high"]);
    assert.deepEqual(await transfer(stepup, 500), ["Bearer high"]);
    assert.equal((await stepup.fetch(API)).status, 200);
    assert.deepEqual(stage.to(API).map(({ method, headers }) => [method, headers.get("authorization")]), [
      ["POST", "Bearer high"],
      ["GET", "Bearer low"],
    ]);
    assert.deepEqual(stage.events.filter(({ type }) => type === "demand").map(({ detail }) => [detail.by, detail.method]), [["memory", "POST"]]);
  });

  test("is not, where the app has not asked for that", async () => {
    const stepup = make({ rememberRequirements: undefined });
    await transfer(stepup, 500);
    assert.deepEqual(await transfer(stepup, 500), ["Bearer low", "Bearer high"]);
  });

  test("is asked for before the request leaves; once in vain, if it was for one body only", async () => {
    // A token is good for one request, so that each would need a prompt.
    const stepup = make({ apis: [{ origin: "https://api.example", tokenUse: "once" }] });
    assert.deepEqual(await transfer(stepup, 500), ["Bearer low", "Bearer high"]);
    // Nobody knows yet that it depends on the amount.
    assert.deepEqual(await transfer(stepup, 5), ["Bearer high"]);
    assert.equal(stage.ceremonies.length, 2);
    // The next one is the test.
    assert.deepEqual(await transfer(stepup, 5), ["Bearer low"]);
    for (const amount of [5, 50]) assert.deepEqual(await transfer(stepup, amount), ["Bearer low"]);
    assert.equal(stage.ceremonies.length, 2);
    // And it is not learned anew.
    assert.deepEqual(await transfer(stepup, 500), ["Bearer low", "Bearer high"]);
    assert.deepEqual(await transfer(stepup, 5), ["Bearer low"]);
  });

  test("is put to the test less and less where it holds", async () => {
    const stepup = make({ apis: [{ origin: "https://api.example", tokenUse: "once" }] });
    const requests = [];
    for (let at = 0; at < 5; at += 1) requests.push((await transfer(stepup, 500)).length);
    // Five prompts a minute are all there are without a click.
    assert.deepEqual(requests, [2, 1, 2, 1, 1]);
  });

  test("t67 is forgotten by a logout", async () => {
    const stepup = make();
    await transfer(stepup, 500);
    stepup.clear();
    assert.deepEqual(await transfer(stepup, 500), ["Bearer low", "Bearer high"]);
  });

  test("is known beside the app's rules", async () => {
    const stepup = make({ rules: [{ url: "/other", require: { acr: "AL9" } }] });
    await transfer(stepup, 500);
    assert.deepEqual(await transfer(stepup, 500), ["Bearer high"]);
  });
});
