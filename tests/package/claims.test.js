/** Claims that an API demands in Microsoft Entra's way, and those that the app asks for at all times. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { BY_PASSKEY, ISSUER, TOKEN, provider, tokens } from "./issuer.js";
import { Stage, built } from "./stage.js";

/** @type {typeof import("../../src/js/index.d.ts")} */
const { createStepUp, parseChallenges } = await import(built);

const API = "https://api.example/transfers";
const CLAIMS = { access_token: { acrs: { essential: true, value: "c1" } } };
const HEADER = `Bearer realm="", authorization_uri="https://evil.example/authorize", error="insufficient_claims", claims="${btoa(JSON.stringify(CLAIMS))}"`;

test("a claims challenge is answered by a token that was asked for with these claims", async () => {
  const stage = new Stage();
  /** @type {string | null} */
  let asked = null;
  stage.answers = {
    ...provider(),
    [TOKEN]: ({ body }) => {
      const form = new URLSearchParams(body);
      asked = form.get("claims");
      return tokens({ nonce: form.get("nonce") }, { access_token: "t1" });
    },
    [API]: ({ headers }) =>
      headers.get("authorization") === "Bearer t1"
        ? new Response("done")
        : new Response("", { status: 401, headers: { "WWW-Authenticate": HEADER } }),
  };
  const stepup = stage.watch(
    createStepUp({
      ...BY_PASSKEY,
      promptTimeout: 10,
    }),
  );
  /** @type {any[]} */
  const demands = [];
  stepup.addEventListener("challenge", ({ detail }) => demands.push(detail.requirement.claims));
  assert.equal(await (await stepup.fetch(API, { method: "POST" })).text(), "done");
  assert.deepEqual(JSON.parse(asked ?? ""), CLAIMS);
  assert.deepEqual(demands, [CLAIMS]);
  // Where it is held, it serves at once.
  assert.equal(await (await stepup.fetch(API, { method: "POST" })).text(), "done");
  assert.equal(stage.to(TOKEN).length, 1);
  assert.equal(stage.to("https://evil.example/authorize").length, 0);
});

test("a claims challenge is listed with what it demands", async () => {
  const [listed] = await parseChallenges(HEADER);
  assert.deepEqual(listed?.requirement?.claims, CLAIMS);
});

test("claims that are no object are refused", async () => {
  const stepup = createStepUp({
    apis: ["https://api.example"],
    issuer: ISSUER,
    clientId: "app",
    redirectUri: "https://app.example/callback.html",
    claims: /** @type {any} */ ([1]),
  });
  await assert.rejects(stepup.preload(), { code: "configuration_invalid" });
});
