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
  /** What becomes of one with these claims and this header. @param {object} claims @param {object} header @param {string} expected */
  const is = (claims, header, expected) => async () => {
    issues(claims, header);
    assert.equal(await outcome(), expected);
  };
  test("as it should be", is({}, {}, "fine"));
  test("with the hash of its access token", is({ at_hash: hash("high") }, {}, "fine"));
  test("with the hash of another", is({ at_hash: hash("other") }, {}, "id_token_invalid"));
  test("with more of the hash than its half", is({ at_hash: hash("high", 32) }, {}, "id_token_invalid"));
  test("for several, this client being the authorized party", is({ aud: ["app", "x"], azp: "app" }, {}, "fine"));
  test("for several, and no authorized party", is({ aud: ["app", "x"] }, {}, "id_token_invalid"));
  test("for another authorized party", is({ azp: "x" }, {}, "id_token_invalid"));
  test("for another client", is({ aud: "x" }, {}, "id_token_invalid"));
  test("of another issuer", is({ iss: `${ISSUER}/` }, {}, "issuer_mismatch"));
  test("with an extension that must be understood", is({}, { crit: ["b64"], b64: true }, "id_token_invalid"));
  test("t27 with another nonce", is({ nonce: "x" }, {}, "id_token_invalid"));
  test("t64 without an algorithm", is({}, { alg: "none" }, "id_token_invalid"));
  test("t64 by a shared secret", is({}, { alg: "HS256" }, "id_token_invalid"));
  test("t64 by another algorithm than its key's", is({}, { alg: "RS256" }, "id_token_invalid"));
  test("of another type", is({}, { typ: "at+jwt" }, "id_token_invalid"));
  test("t61 that has expired less than a minute ago", is({ exp: now() - 30 }, {}, "fine"));
  test("t61 that has expired before", is({ exp: now() - 90 }, {}, "id_token_invalid"));
  test("t61 that comes from half a minute ahead", is({ iat: now() + 30 }, {}, "fine"));
  test("t61 that comes from further ahead", is({ iat: now() + 120 }, {}, "id_token_invalid"));
  test("t04 with an acr of no confidence", is({ acr: "0" }, {}, "assurance_not_met"));
  test("t04 without acr", is({ acr: undefined }, {}, "assurance_not_met"));

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

suite("keys", () => {
  test("t63 that have changed are fetched once more", async () => {
    const stepup = make();
    issues({});
    assert.equal(await outcome(stepup), "fine");
    issues({ acr: ["AL3", "AL4"] }, { kid: "k2" });
    stage.answers[KEYS] = () => keys("k2");
    const high = await stepup.ensure({ acr: "AL4" });
    assert.deepEqual([high.acr, stage.to(KEYS).length], ["AL4", 2]);
  });

  test("t63 that stay unknown are not asked for again within the minute", async () => {
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

  test("t63 under the right name that have signed nothing are no reason to fetch", async () => {
    const [header, payload] = (await idToken({ acr: "AL3" })).split(".");
    const signature = Buffer.alloc(64, 1).toString("base64url");
    stage.answers[TOKEN] = () => tokens({}, { id_token: [header, payload, signature].join(".") });
    assert.equal(await outcome(), "id_token_invalid");
    assert.equal(stage.to(KEYS).length, 1);
  });
});
