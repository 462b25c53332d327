/** APIs that discard a token after one use: which request carries which token. */

import assert from "node:assert/strict";
import { beforeEach, suite, test } from "node:test";

import { ISSUER, OPTIONS, TOKEN, provider, tokens } from "./issuer.js";
import { Asking, Stage, built, challenge, json, refusal } from "./stage.js";

/** @type {typeof import("../../src/js/index.d.ts")} */
const { createStepUp } = await import(built);

const API = "https://api.example/payments";
const OTHER = "https://other.example/account";

suite("an API that takes a token once", () => {
  /** @type {Stage} */
  let stage;
  /** What was used. @type {string[]} */
  let used;
  /** What was given. */
  let given = 0;

  beforeEach(() => {
    stage = new Stage();
    used = [];
    given = 0;
    stage.answers = {
      ...provider(),
      [API]: ({ headers }) => {
        const token = headers.get("authorization")?.replace("Bearer ", "") ?? "";
        if (!/^\d+$/.test(token)) return challenge("AL3", {}, ", max_age=60");
        if (used.includes(token))
          return new Response(null, { status: 401, headers: { "www-authenticate": 'Bearer error="invalid_token"' } });
        used.push(token);
        return new Response(token);
      },
      [OTHER]: ({ headers }) => new Response(headers.get("authorization")),
      [TOKEN]: ({ body }) => {
        const access_token = String((given += 1));
        const nonce = new URLSearchParams(body).get("nonce");
        return tokens({ nonce }, { access_token, refresh_token: `refresh-${access_token}` });
      },
      [`${ISSUER}/token`]: () => {
        const access_token = String((given += 1));
        return json({ access_token, token_type: "Bearer", refresh_token: `refresh-${access_token}` });
      },
    };
  });

  /** @param {Partial<import("../../src/js/index.d.ts").StepUpOptions>} [options] */
  const make = (options) =>
    createStepUp({
      apis: [{ origin: "https://api.example", tokenUse: "once" }, "https://other.example"],
      issuer: ISSUER,
      clientId: "app",
      redirectUri: "/stepup/callback.html",
      session: () => ({ accessToken: "low", sub: "alice", scope: "openid" }),
      passkey: { options: OPTIONS, token: TOKEN },
      gate: new Asking().option,
      promptTimeout: 10,
      ...options,
    });

  /** @param {Promise<Response>} sending */
  const text = async (sending) => (await sending).text();
  const refreshed = () =>
    stage.to(`${ISSUER}/token`).map(({ body }) => new URLSearchParams(body).get("refresh_token"));

  test("requests that wait together each have a prompt and a token, one after the other", async () => {
    const stepup = make();
    const all = await Promise.all([1, 2, 3].map(() => text(stepup.fetch(API, { method: "POST" }))));
    assert.deepEqual(all.sort(), ["1", "2", "3"]);
    assert.equal(stage.ceremonies.length, 3);
    assert.deepEqual(refreshed(), []);
  });

  test("with renewal they share the prompt, and still each has a token of its own", async () => {
    const stepup = make({ renew: true });
    const all = await Promise.all([1, 2, 3].map(() => text(stepup.fetch(API, { method: "POST" }))));
    assert.deepEqual(all.sort(), ["1", "2", "3"]);
    assert.equal(stage.ceremonies.length, 1);
    assert.deepEqual(refreshed(), ["refresh-1", "refresh-2"]);
    // For the next one the user is asked: a refresh token answers no challenge.
    assert.equal(await text(stepup.fetch(API)), "4");
    assert.equal(stage.ceremonies.length, 2);
    assert.equal(refreshed().length, 2);
  });

  test("where the refresh token is of no use, they are asked one after the other", async () => {
    stage.answers[`${ISSUER}/token`] = () => json({ error: "invalid_grant" }, 400);
    const stepup = make({ renew: true });
    const all = await Promise.all([1, 2].map(() => text(stepup.fetch(API))));
    assert.deepEqual(all.sort(), ["1", "2"]);
    assert.equal(stage.ceremonies.length, 2);
  });

  test("its token goes with no later request, and to no other API", async () => {
    const stepup = make();
    assert.equal(await text(stepup.fetch(API)), "1");
    assert.equal(await text(stepup.fetch(OTHER)), "Bearer low");
    assert.equal(await text(stepup.fetch(API)), "2");
    assert.deepEqual(stage.to(API).map(({ headers }) => headers.get("authorization")), [
      "Bearer low", "Bearer 1", "Bearer low", "Bearer 2",
    ]);
  });

  test("an ensure() is good for the next request that is challenged, and for that one only", async () => {
    const stepup = make();
    await stepup.ensure({ acr: "AL3" });
    await stepup.ensure({ acr: "AL3" });
    assert.equal(stage.ceremonies.length, 1);
    assert.equal(await text(stepup.fetch(API)), "1");
    await stepup.ensure({ acr: "AL3" });
    assert.equal(stage.ceremonies.length, 2);
    assert.equal(await text(stepup.fetch(API)), "2");
    assert.equal(stage.ceremonies.length, 2);
  });

  test("what token() reads is the app's, and goes with no request of fetch()", async () => {
    const stepup = make();
    await stepup.ensure({ acr: "AL3" });
    assert.equal(stepup.token({ acr: "AL3" }), "1");
    assert.equal(stepup.token({ acr: "AL3" }), undefined);
    assert.equal(await text(stepup.fetch(API)), "2");
  });

  test("t49 after a stream the app's own next request has it, and no more than one", async () => {
    // Two places at one origin, both of which take a token once.
    const apis = ["/payments", "/refunds"].map((pathPrefix) =>
      ({ origin: "https://api.example", pathPrefix, tokenUse: /** @type {const} */ ("once") }));
    stage.answers["https://api.example/refunds"] = /** @type {import("./stage.js").Answer} */ (stage.answers[API]);
    const stepup = make({ apis });
    const stream = () => {
      const body = new ReadableStream({ start: (controller) => controller.close() });
      return /** @type {RequestInit} */ ({ method: "POST", duplex: "half", body });
    };
    assert.equal((await refusal(stepup.fetch(API, stream()))).code, "replay_unavailable");
    assert.equal(await text(stepup.fetch(API, stream())), "1");
    assert.equal(await text(stepup.fetch("https://api.example/refunds")), "2");
    assert.equal(stage.ceremonies.length, 2);
  });

  test("t11 the same demand for a token that was never used is a loop", async () => {
    stage.answers[API] = () => challenge("AL3", {}, ", max_age=60");
    assert.equal((await refusal(make().fetch(API))).code, "loop_detected");
    assert.equal(stage.ceremonies.length, 1);
  });

  test("another word than `once` is told as such", async () => {
    const apis = /** @type {any} */ ([{ origin: "https://api.example", tokenUse: "twice" }]);
    assert.equal((await refusal(make({ apis }).ensure())).code, "configuration_invalid");
  });
});
