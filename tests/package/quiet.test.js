/** What a page waits for before it is left. */

import assert from "node:assert/strict";
import { beforeEach, suite, test } from "node:test";

import { ISSUER, OPTIONS, TOKEN, provider } from "./issuer.js";
import { Stage, built, challenge, refusal, until } from "./stage.js";

/** @type {typeof import("../../src/js/index.d.ts")} */
const { createStepUp } = await import(built);

const SLOW = "https://api.example/slow";
const QUICK = "https://api.example/quick";

/** @type {Stage} */
let stage;

beforeEach(() => {
  stage = new Stage();
  stage.answers = { ...provider(), [QUICK]: () => challenge() };
});

/** @param {Partial<import("../../src/js/index.d.ts").StepUpOptions>} options */
const make = (options) =>
  stage.watch(
    createStepUp({
      apis: [{ origin: "https://api.example" }],
      issuer: ISSUER,
      clientId: "app",
      redirectUri: "/stepup/callback.html",
      session: () => ({ accessToken: "low", sub: "alice" }),
      passkey: { options: OPTIONS, token: TOKEN },
      promptTimeout: 10,
      ...options,
    }),
  );

/** What happened to these requests, in its order. @param {string} type */
const when = (type) => stage.events.flatMap((event, at) => (event.type === type ? [{ at, ...event.detail }] : []));

suite("before a page is left", () => {
  test("the body of a challenge is read, and who waits for it goes along", async () => {
    const apis = [{ origin: "https://api.example", passkeyServer: /** @type {const} */ (true) }];
    const stepup = make({ apis, methods: ["redirect"] });
    let end = () => {};
    const body = new ReadableStream({
      start: (controller) => {
        end = () => controller.close();
      },
    });
    stage.answers[SLOW] = () => new Response(body, { status: 401, headers: challenge().headers });
    const slow = refusal(stepup.fetch(SLOW));
    await until(() => stage.to(SLOW).length === 1, "the slow request");
    const quick = refusal(stepup.fetch(QUICK));
    await until(() => when("challenge").length === 1, "a challenge");
    // Longer than it takes to look whether the wire is quiet.
    setTimeout(end, 200);
    // No storage is here, so that is what both end with: in one step-up, which waited for both.
    assert.deepEqual([(await slow).code, (await quick).code], ["storage_unavailable", "storage_unavailable"]);
    const [first, second] = when("challenge").map(({ flow }) => flow);
    assert.equal(second, first);
  });

  test("the answer to a request that was sent again is judged", async () => {
    let judged = () => {};
    /** @param {Response} response @returns {Promise<undefined>} */
    const detect = (response) =>
      new Promise((resolve) => {
        if (response.url || !response.headers.has("x-late")) return resolve(undefined);
        judged = () => resolve(undefined);
      });
    const stepup = make({ apis: [{ origin: "https://api.example", detect }], methods: ["passkey", "redirect"] });
    stage.answers[SLOW] = ({ headers }) => {
      if (headers.get("authorization") !== "Bearer high") return challenge("AL3");
      const again = challenge("AL4");
      again.headers.set("x-late", "yes");
      return again;
    };
    const slow = refusal(stepup.fetch(SLOW));
    await until(() => stage.to(SLOW).length === 2, "the second send");
    stage.answers[QUICK] = () => challenge("AL5");
    const quick = refusal(stepup.fetch(QUICK, { stepup: { methods: ["redirect"] } }));
    await until(() => when("challenge").length === 2, "another challenge");
    setTimeout(() => judged(), 200);
    assert.equal((await quick).code, "storage_unavailable");
    const challenged = when("challenge").map(({ url, at }) => [url, at]);
    const [settled] = when("settled").map(({ at }) => at);
    assert.deepEqual(challenged.map(([url]) => url), [SLOW, QUICK, SLOW]);
    assert.ok(challenged.every(([, at]) => at < settled), JSON.stringify(stage.events.map(({ type }) => type)));
    await slow;
  });
});
