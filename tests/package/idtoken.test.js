/** ID tokens, from the option to the second module: what of them is refused, and how keys change. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { beforeEach, suite, test } from "node:test";

import { ISSUER, OPTIONS, TOKEN, idToken, keys, provider, tokens } from "./issuer.js";
import { Stage, built, refusal } from "./stage.js";

/** @type {typeof import("../../src/js/index.d.ts")} */
const { createStepUp } = await import(built);

const KEYS = `${ISSUER}/keys`;

/** @type {Stage} */
let stage;

beforeEach(() => {
  stage = new Stage();
  stage.answers = { ...provider() };
});

/** @param {Partial<import("../../src/js/index.d.ts").StepUpOptions>} [options] */
const make = (options) =>
  createStepUp({
    apis: ["https://api.example"],
    issuer: ISSUER,
    clientId: "app",
    session: () => ({ accessToken: "low", sub: "alice" }),
    methods: ["passkey"],
    passkey: { options: OPTIONS, token: TOKEN },
    gate: false,
    ...options,
  });

/** The provider's next ID tokens. @param {object} claims @param {object} [header] */
const issues = (claims, header) => {
  stage.answers[TOKEN] = async ({ body }) => {
    const nonce = new URLSearchParams(body).get("nonce");
    const proved = { nonce, acr: "AL3", auth_time: Math.floor(Date.now() / 1000) };
    return tokens({}, { id_token: await idToken({ ...proved, ...claims }, header) });
  };
};

/** What becomes of a step-up. @param {import("../../src/js/index.d.ts").StepUp} [stepup] */
const outcome = (stepup = make()) => stepup.ensure({ acr: "AL3" }).then(() => "fine", ({ code }) => code);

/** @param {string} text @param {number} [bytes] */
const hash = (text, bytes = 16) => createHash("sha256").update(text).digest().subarray(0, bytes).toString("base64url");
const now = () => Math.floor(Date.now() / 1000);

suite("an ID token", () => {
  /** @type {[string, object, object, string][]} */
  const cases = [
    ["as it should be", {}, {}, "fine"],
    ["with the hash of its access token", { at_hash: hash("high") }, {}, "fine"],
    ["with the hash of another", { at_hash: hash("other") }, {}, "id_token_invalid"],
    ["with more of the hash than its half", { at_hash: hash("high", 32) }, {}, "id_token_invalid"],
    ["for several, this client being the authorized party", { aud: ["app", "x"], azp: "app" }, {}, "fine"],
    ["for several, and no authorized party", { aud: ["app", "x"] }, {}, "id_token_invalid"],
    ["for another authorized party", { azp: "x" }, {}, "id_token_invalid"],
    ["for another client", { aud: "x" }, {}, "id_token_invalid"],
    ["of another issuer", { iss: `${ISSUER}/` }, {}, "issuer_mismatch"],
    ["with an extension that must be understood", {}, { crit: ["b64"], b64: true }, "id_token_invalid"],
    ["t27 with another nonce", { nonce: "x" }, {}, "id_token_invalid"],
    ["t64 without an algorithm", {}, { alg: "none" }, "id_token_invalid"],
    ["t64 by a shared secret", {}, { alg: "HS256" }, "id_token_invalid"],
    ["t64 by another algorithm than its key's", {}, { alg: "RS256" }, "id_token_invalid"],
    ["of another type", {}, { typ: "at+jwt" }, "id_token_invalid"],
    ["t61 that has expired less than a minute ago", { exp: now() - 30 }, {}, "fine"],
    ["t61 that has expired before", { exp: now() - 90 }, {}, "id_token_invalid"],
    ["t61 that comes from half a minute ahead", { iat: now() + 30 }, {}, "fine"],
    ["t61 that comes from further ahead", { iat: now() + 120 }, {}, "id_token_invalid"],
    ["t04 with an acr of no confidence", { acr: "0" }, {}, "assurance_not_met"],
    ["t04 without acr", { acr: undefined }, {}, "assurance_not_met"],
  ];
  for (const [what, claims, header, expected] of cases)
    test(what, async () => {
      issues(claims, header);
      assert.equal(await outcome(), expected);
    });

  test("t64 by an algorithm that the app does not accept", async () => {
    issues({});
    assert.equal(await outcome(make({ idTokenAlgs: ["PS256", "ES256"] })), "fine");
    const error = await refusal(make({ idTokenAlgs: ["PS256", "EdDSA"] }).ensure({ acr: "AL3" }));
    assert.equal(error.code, "id_token_invalid");
    assert.match(error.message, /ES256 is not one that the app accepts/);
  });

  test("t05 auth_time may have a fraction, and must be there and make sense where an age is asked for", async () => {
    for (const [auth_time, expected] of [
      [now() - 10.7, "fine"],
      [now() - 100, "assurance_stale"],
      [undefined, "assurance_unverifiable"],
      [0, "assurance_unverifiable"],
      [-1, "assurance_unverifiable"],
      [now() + 120, "assurance_unverifiable"],
    ]) {
      issues({ auth_time });
      const asked = make().ensure({ acr: "AL3", maxAge: 60 });
      assert.equal(await asked.then(() => "fine", ({ code }) => code), expected, String(auth_time));
    }
  });
});

suite("t63 keys", () => {
  test("that have changed are fetched once more", async () => {
    const stepup = make();
    issues({});
    assert.equal(await outcome(stepup), "fine");
    issues({ acr: ["AL3", "AL4"] }, { kid: "k2" });
    stage.answers[KEYS] = () => keys("k2");
    const high = await stepup.ensure({ acr: "AL4" });
    assert.deepEqual([high.acr, stage.to(KEYS).length], ["AL4", 2]);
  });

  test("that stay unknown are not asked for again within the minute", async () => {
    const stepup = make();
    issues({}, { kid: "forged" });
    for (const fetched of [2, 2, 2]) {
      assert.equal(await outcome(stepup), "key_unknown");
      assert.equal(stage.to(KEYS).length, fetched);
    }
    // And the ones that are known go on being good.
    issues({});
    assert.equal(await outcome(stepup), "fine");
    assert.equal(stage.to(KEYS).length, 2);
  });

  test("under the right name that have signed nothing are no reason to fetch", async () => {
    const [header, payload] = (await idToken({ acr: "AL3" })).split(".");
    const signature = Buffer.alloc(64, 1).toString("base64url");
    stage.answers[TOKEN] = () => tokens({}, { id_token: [header, payload, signature].join(".") });
    assert.equal(await outcome(), "id_token_invalid");
    assert.equal(stage.to(KEYS).length, 1);
  });
});
