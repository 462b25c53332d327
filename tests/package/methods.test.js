/** By which method the user is asked: the app's order, what is possible, and what a call admits. */

import assert from "node:assert/strict";
import { beforeEach, suite, test } from "node:test";

import { ISSUER, OPTIONS, TOKEN, provider } from "./issuer.js";
import { APP, Asking, Stage, built, challenge, json, refusal, started, until } from "./stage.js";

/** @type {typeof import("../../src/js/index.d.ts")} */
const { createStepUp } = await import(built);

const API = "https://api.example/transfers";

/** @typedef {import("../../src/js/index.d.ts").StepUpOptions} StepUpOptions */
/** @typedef {import("../../src/js/index.d.ts").StepUp} StepUp */
/** @typedef {import("../../src/js/index.d.ts").Method} Method */

/** @type {Stage} */
let stage;
/** @type {Asking} */
let gate;

beforeEach(() => {
  stage = new Stage();
  gate = new Asking();
  stage.answers = {
    ...provider(),
    [API]: ({ headers }) => (headers.get("authorization") === "Bearer high" ? new Response("done") : challenge()),
  };
});

const PASSKEY = { options: OPTIONS, token: TOKEN };

/** @param {Partial<StepUpOptions>} [options] */
const make = (options) =>
  stage.watch(
    createStepUp({
      apis: ["https://api.example"],
      issuer: ISSUER,
      clientId: "app",
      redirectUri: "/stepup/callback.html",
      session: () => ({ accessToken: "low", sub: "alice" }),
      passkey: PASSKEY,
      gate: gate.option,
      // What goes wrong here ends soon.
      promptTimeout: 10,
      ...options,
    }),
  );

/** How the user was asked, in this order. */
const prompts = () =>
  stage.events.filter(({ type }) => type === "prompt").map(({ detail: { method, shown } }) => `${method} ${shown}`);

/** Until the user is asked for the first time; then it ends. @param {StepUp} stepup @param {Promise<unknown>} asking */
const firstPrompt = async (stepup, asking) => {
  const ended = asking.then(() => {}, () => {});
  await until(() => prompts().length, "a prompt");
  stepup.clear();
  await ended;
  return prompts()[0];
};

/** @param {Partial<StepUpOptions>} [options] @param {import("../../src/js/index.d.ts").StepUpInit} [init] */
const byFetch = (options, init = {}) => {
  stage.events = [];
  const stepup = make(options);
  return firstPrompt(stepup, stepup.fetch(API, { stepup: init }));
};

/** Whether a window is open before `ensure()` has returned. @param {Partial<StepUpOptions>} [options] @param {import("../../src/js/index.d.ts").EnsureOptions} [asked] */
const opensAtOnce = async (options, asked = { acr: "AL3" }) => {
  const stepup = make(options);
  await started();
  const before = stage.opened.length;
  const asking = stepup.ensure(asked).catch(() => {});
  const opened = stage.opened.length - before;
  stepup.clear();
  await asking;
  assert.ok(stage.opened.every(({ closed }) => closed), "no window is left behind");
  return opened === 1;
};

suite("the order of methods", () => {
  test("is the passkey before the window, where one is set up", async () => {
    assert.equal(await byFetch(), "passkey dialog");
  });

  test("is the app's where it says so", async () => {
    assert.equal(await byFetch({ methods: ["popup", "passkey"] }), "popup window");
    assert.equal(await byFetch({ passkey: undefined }), "popup window");
  });

  test("is told to the gate, with what is possible only", async () => {
    stage.authenticator = () => Promise.reject(new DOMException("no", "NotAllowedError"));
    for (const [options, methods] of /** @type {[Partial<StepUpOptions>, Method[]][]} */ ([
      [{}, ["passkey", "popup"]],
      [{ methods: ["passkey"] }, ["passkey"]],
      [{ redirectUri: undefined, methods: ["passkey"] }, ["passkey"]],
      [{ bff: { passkey: { options: "/o", verify: "/v" } }, redirectUri: undefined }, ["passkey"]],
      [{ bff: { login: "/login", passkey: { options: "/o", verify: "/v" } } }, ["passkey", "popup"]],
    ])) {
      stage.answers[`${APP}/o`] = () => json({ challenge: "AQID" });
      gate = new Asking();
      const asking = refusal(make({ ...options, gate: gate.option }).fetch(API));
      assert.deepEqual((await gate.shows("failed")).methods, methods);
      gate.choose("cancel");
      assert.equal((await asking).code, "passkey_refused");
    }
  });

  test("beside a backend is what the backend has: a provider's passkeys are none of its", async () => {
    const bff = { login: "/login" };
    assert.equal(await byFetch({ bff }), "popup window");
    assert.equal(await byFetch({ bff, passkey: undefined, firstPartyApps: true }), "popup window");
  });
});

suite("the methods of one call", () => {
  test("are those of the configured ones that it names, in the app's order", async () => {
    assert.equal(await byFetch({}, { methods: ["popup"] }), "popup window");
    assert.equal(await byFetch({}, { methods: ["popup", "passkey"] }), "passkey dialog");
    assert.equal(await byFetch({ methods: ["popup", "passkey"] }, { methods: ["passkey"] }), "passkey dialog");
  });

  test("do not keep what another method has brought from serving it", async () => {
    const stepup = make();
    const [one, two] = [stepup.fetch(API), stepup.fetch(API, { stepup: { methods: ["popup"] } })];
    assert.deepEqual([(await one).status, (await two).status], [200, 200]);
    assert.deepEqual(prompts(), ["passkey dialog"]);
  });

  for (const wrong of /** @type {any[]} */ ([["carrier pigeon"], "popup", [1]]))
    test(`${JSON.stringify(wrong)} is configuration_invalid`, async () => {
      const stepup = make();
      const failed = await refusal(stepup.fetch(API, { stepup: { methods: wrong } }));
      assert.deepEqual([failed.code, failed.response.bodyUsed], ["configuration_invalid", false]);
      assert.equal((await refusal(stepup.ensure({ acr: "AL3", methods: wrong }))).code, "configuration_invalid");
      assert.equal((await refusal(make({ methods: wrong }).fetch(API))).code, "configuration_invalid");
      assert.deepEqual(prompts(), []);
      assert.ok(stage.opened.every(({ closed }) => closed));
    });

  test("that leave nothing are told as such, and open no window", async () => {
    const stepup = make({ methods: ["passkey"] });
    for (const methods of /** @type {Method[][]} */ ([[], ["popup"]])) {
      assert.equal((await refusal(stepup.fetch(API, { stepup: { methods } }))).code, "configuration_invalid");
      assert.equal((await refusal(stepup.ensure({ acr: "AL3", methods }))).code, "configuration_invalid");
    }
    assert.deepEqual([stage.opened, prompts()], [[], []]);
  });
});

suite("a passkey that cannot do", () => {
  test("what is demanded gives way to the window", async () => {
    const low = { ...PASSKEY, acrValues: ["AL1", "AL2"] };
    assert.equal(await byFetch({ passkey: low }), "popup window");
    assert.equal(await byFetch({ passkey: { ...PASSKEY, acrValues: ["AL2", "AL3"] } }), "passkey dialog");
    const bff = { login: "/login", passkey: { options: "/o", verify: "/v", acrValues: ["AL2"] } };
    assert.equal(await byFetch({ bff }), "popup window");
    stage.answers[API] = () => challenge("AL4 AL2");
    assert.equal(await byFetch({ passkey: low }), "passkey dialog");
    const alone = make({ passkey: low, methods: ["passkey"] });
    assert.equal((await refusal(alone.ensure({ acr: "AL3" }))).code, "passkey_unavailable");
  });

  test("anything, in a browser without, leaves the window; alone it is passkey_unavailable", async () => {
    stage.passkeys(false);
    assert.equal(await byFetch(), "popup window");
    assert.equal((await refusal(make({ methods: ["passkey"] }).fetch(API))).code, "passkey_unavailable");
    assert.equal((await refusal(make().fetch(API, { stepup: { methods: ["passkey"] } }))).code, "passkey_unavailable");
    assert.deepEqual(stage.ceremonies, []);
  });

  for (const name of ["permissionsPolicy", "featurePolicy"])
    test(`t39 anything, in a frame whose ${name} forbids it, leaves the window; alone it is embedding_blocked`, async () => {
      const policy = { allowsFeature: (/** @type {string} */ feature) => feature !== "publickey-credentials-get" };
      Object.assign(globalThis.document, { [name]: policy });
      assert.equal(await byFetch(), "popup window");
      assert.equal((await refusal(make({ methods: ["passkey"] }).fetch(API))).code, "embedding_blocked");
      assert.deepEqual(stage.ceremonies, []);
    });
});

suite("ensure() inside a click", () => {
  test("opens no window where a passkey is asked for first", async () => {
    assert.equal(await opensAtOnce(), false);
    assert.equal(await opensAtOnce({}, { acr: "AL3", methods: ["passkey"] }), false);
    assert.equal(await opensAtOnce({}, { acr: "AL3", methods: ["popup", "passkey"] }), false);
    assert.equal(await opensAtOnce({ passkey: { ...PASSKEY, acrValues: ["AL3"] } }), false);
    assert.equal(await opensAtOnce({ passkey: { ...PASSKEY, acrValues: ["AL2"] } }, {}), false);
  });

  test("opens it at once where the window is the first that can do", async () => {
    assert.equal(await opensAtOnce({ methods: ["popup", "passkey"] }), true);
    assert.equal(await opensAtOnce({ passkey: undefined }), true);
    assert.equal(await opensAtOnce({}, { acr: "AL3", methods: ["popup"] }), true);
    assert.equal(await opensAtOnce({ passkey: { ...PASSKEY, acrValues: ["AL2"] } }), true);
    assert.equal(await opensAtOnce({ passkey: { ...PASSKEY, acrValues: ["AL2"] } }, { acrValues: ["AL3", "AL4"] }), true);
    // Without a challenge there is nothing that could carry options.
    assert.equal(await opensAtOnce({ passkey: { token: TOKEN } }), true);
    stage.passkeys(false);
    assert.equal(await opensAtOnce(), true);
  });

  test("opens it also once the wasm is there, and not for what is held", async () => {
    stage.passkeys(false);
    const stepup = make();
    await stepup.preload();
    const asking = refusal(stepup.ensure({ acr: "AL3" }));
    assert.equal(stage.opened.length, 1);
    await until(() => stage.opened[0]?.url.startsWith(`${ISSUER}/authorize?`), "the window on its way");
    stepup.clear();
    assert.equal((await asking).code, "session_changed");
    assert.equal(stage.opened[0]?.closed, true);
  });

  test("opens none for a signal that has fired", async () => {
    stage.passkeys(false);
    const signal = AbortSignal.abort("enough");
    assert.equal(await refusal(make().ensure({ acr: "AL3", signal })), "enough");
    assert.deepEqual(stage.opened, []);
  });

  test("opens none with the app's own authenticate, unless it asked for one", async () => {
    const own = { authenticate: () => new Promise(() => {}), passkey: undefined };
    assert.equal(await opensAtOnce(/** @type {any} */ (own)), false);
    assert.equal(await opensAtOnce(/** @type {any} */ ({ ...own, methods: ["popup"] })), true);
  });
});
