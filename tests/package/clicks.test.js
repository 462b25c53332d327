/** How many prompts an API may cause, and what counts as the user's own wish. */

import assert from "node:assert/strict";
import { beforeEach, suite, test } from "node:test";

import { ISSUER, OPTIONS, TOKEN, provider } from "./issuer.js";
import { Asking, Stage, built, challenge, happens, json, refusal, until } from "./stage.js";

/** @type {typeof import("../../src/js/index.d.ts")} */
const { createStepUp } = await import(built);

const API = "https://api.example/transfers";

/** @type {Stage} */
let stage;
/** @type {Asking} */
let gate;
/** @type {import("../../src/js/index.d.ts").StepUp} */
let stepup;

beforeEach(() => {
  stage = new Stage();
  gate = new Asking();
  stage.answers = { ...provider(), [API]: () => challenge(), "https://files.example/x": () => challenge() };
  stage.authenticator = () => Promise.reject(new DOMException("no", "NotAllowedError"));
  stepup = stage.watch(
    createStepUp({
      apis: ["https://api.example", "https://files.example"],
      issuer: ISSUER,
      clientId: "app",
      redirectUri: "/stepup/callback.html",
      session: () => ({ accessToken: "low", sub: "alice" }),
      passkey: { options: OPTIONS, token: TOKEN },
      gate: false,
      // What goes wrong here ends soon.
      promptTimeout: 10,
    }),
  );
});

/** What becomes of a challenged request. @param {string} [url] */
const code = async (url = API) => (await refusal(stepup.fetch(url))).code;

/** Clocks count whole milliseconds: what comes next is later. */
const later = () => new Promise((resolve) => setTimeout(resolve, 3));

/** @param {string} type @param {object} [event] */
const user = async (type, event = {}) => {
  await later();
  happens(type, event);
};

suite("after a no", () => {
  test("t15 a request without a click leads to no prompt, and keeps its response", async () => {
    assert.equal(await code(), "passkey_refused");
    const error = await refusal(stepup.fetch(API));
    assert.deepEqual([error.code, error.response.status, error.response.bodyUsed], ["prompt_suppressed", 401, false]);
    assert.equal(await code("https://files.example/x"), "prompt_suppressed");
    assert.equal(stage.ceremonies.length, 1);
    assert.equal(stage.events.filter(({ type }) => type === "prompt").length, 1);
  });

  test("t15 in the gate it is the same", async () => {
    const asking = refusal(stepup.fetch(API, { stepup: { gate: gate.option } }));
    await gate.shows("failed");
    gate.choose("cancel");
    assert.equal((await asking).code, "passkey_refused");
    assert.equal(await code(), "prompt_suppressed");
  });

  for (const type of ["click", "keydown"])
    test(`t15 a ${type} of the user leads to one more prompt, and no further`, async () => {
      await code();
      await user(type);
      assert.equal(await code(), "passkey_refused");
      assert.equal(stage.ceremonies.length, 2);
      assert.equal(await code(), "prompt_suppressed");
      await later();
      assert.equal(await code(), "prompt_suppressed");
      assert.equal(stage.ceremonies.length, 2);
    });

  /** @type {[string, string, object][]} */
  const NONE = [
    ["a click that a script made", "click", { isTrusted: false }],
    ["a key that a script pressed", "keydown", { isTrusted: false }],
    ["a click in the gate", "click", { target: { localName: "stepup-gate" } }],
    ["a key in the gate", "keydown", { target: { localName: "stepup-gate" } }],
    ["a movement of the pointer", "pointermove", {}],
  ];
  for (const [what, type, event] of NONE)
    test(`t15 ${what} is no wish for one`, async () => {
      await code();
      await user(type, event);
      assert.equal(await code(), "prompt_suppressed");
      assert.equal(stage.ceremonies.length, 1);
    });

  test("t15 a click before the request counts, one after it has left does not", async () => {
    await code();
    /** @type {(response: Response) => void} */
    let answer = () => {};
    stage.answers[API] = () => new Promise((resolve) => (answer = resolve));
    const asking = refusal(stepup.fetch(API));
    await until(() => stage.to(API).length === 2);
    await user("click");
    await later();
    answer(challenge());
    assert.equal((await asking).code, "prompt_suppressed");
  });

  test("t15 a click on the page itself, which is no element, counts too", async () => {
    await code();
    await user("click", { target: globalThis });
    assert.equal(await code(), "passkey_refused");
  });

  test("t15 ensure() is the app's own wish, and is not held back", async () => {
    await code();
    assert.equal((await refusal(stepup.ensure({ acr: "AL3" }))).code, "passkey_refused");
    assert.equal(stage.ceremonies.length, 2);
    assert.equal(await code(), "prompt_suppressed");
  });
});

suite("without a no", () => {
  beforeEach(() => {
    stage.answers[OPTIONS] = () => json({ error: "server_error" }, 500);
  });

  test("t15 one API causes five prompts a minute, each API its own, and clicks come on top", async () => {
    // Whatever was clicked before has had its prompt.
    await refusal(stepup.ensure({ acr: "AL3" }));
    /** @type {string[]} */
    const codes = [];
    for (let n = 0; n < 7; n += 1) codes.push(await code());
    assert.deepEqual(codes, [...Array(5).fill("token_refused"), "prompt_suppressed", "prompt_suppressed"]);
    assert.equal(await code("https://files.example/x"), "token_refused");
    await user("click");
    assert.equal(await code(), "token_refused");
    assert.equal(await code(), "prompt_suppressed");
  });
});
