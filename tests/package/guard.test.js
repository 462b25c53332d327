/** `ensure()` as the guard of a page: the session's own ID token, and what is told of what is held. */

import assert from "node:assert/strict";
import { beforeEach, suite, test } from "node:test";

import { ISSUER, OPTIONS, TOKEN, idToken, keys, provider } from "./issuer.js";
import { Asking, Stage, built, challenge, refusal, started, until } from "./stage.js";

/** @type {typeof import("../../src/js/index.d.ts")} */
const { createStepUp } = await import(built);

/** @typedef {import("../../src/js/index.d.ts").StepUpOptions} StepUpOptions */

const KEYS = `${ISSUER}/keys`;
const METADATA = `${ISSUER}/.well-known/openid-configuration`;

/** @type {Stage} */
let stage;
/** The ID token of the app's session. @type {string} */
let token;

/** @param {number} [ago] */
const seconds = (ago = 0) => Math.floor(Date.now() / 1000) - ago;

beforeEach(async () => {
  stage = new Stage();
  stage.answers = { ...provider() };
  token = await idToken({ acr: "AL2", amr: ["pwd", "otp"], auth_time: seconds(10) });
});

/** A page whose way to more is the window. @param {Partial<StepUpOptions>} [options] */
const make = (options) =>
  stage.watch(
    createStepUp({
      apis: ["https://api.example"],
      issuer: ISSUER,
      clientId: "app",
      redirectUri: "/stepup/callback.html",
      session: () => ({ accessToken: "low", idToken: token, scope: "openid read" }),
      levels: ["AL1", "AL2", "AL3"],
      gate: new Asking().option,
      // What goes wrong here ends soon.
      promptTimeout: 10,
      ...options,
    }),
  );

/** Nobody waits for what was begun. @param {(signal: AbortSignal) => Promise<unknown>} run */
const briefly = (run) => {
  const abort = new AbortController();
  const ended = refusal(run(abort.signal));
  return async () => {
    abort.abort();
    await ended;
  };
};

suite("the guard of a page", () => {
  test("a session that is strong and fresh enough prompts nobody, also after a reload", async () => {
    stage.activation.isActive = false;
    for (const reload of [false, true]) {
      const stepup = make(reload ? { passkey: { options: OPTIONS, token: TOKEN } } : {});
      const { acr, amr, authTime, level, scope, verified, since, until } = await stepup.ensure({ acr: "AL1", maxAge: 60, scope: "read" });
      assert.deepEqual(
        { acr, amr, level, scope, verified },
        { acr: "AL2", amr: ["pwd", "otp"], level: "AL2", scope: ["openid", "read"], verified: true },
      );
      // Issuers tell whole seconds.
      assert.equal(Math.floor(since / 1000), authTime);
      assert.ok(until > Date.now() && until <= (seconds() + 300) * 1000);
    }
    assert.deepEqual([stage.opened, stage.ceremonies], [[], []]);
    assert.deepEqual(stage.events.filter(({ type }) => type === "prompt" || type === "authenticated"), []);
  });

  test("its ID token is checked once, and read anew each time", async () => {
    const stepup = make();
    await stepup.ensure({ acr: "AL2" });
    await Promise.all([stepup.ensure({ acr: "AL1" }), stepup.ensure({})]);
    assert.deepEqual([stage.to(METADATA).length, stage.to(KEYS).length], [1, 1]);
    token = await idToken({ acr: "AL1", auth_time: seconds() });
    const end = briefly((signal) => stepup.ensure({ acr: "AL2", signal }));
    await until(() => stage.opened.length === 1);
    await end();
    assert.equal(stage.to(KEYS).length, 1);
  });

  test("outside of a click no window is opened, and a click is asked for where the session is not enough", async () => {
    stage.activation.isActive = false;
    const gate = new Asking();
    await make({ gate: gate.option }).ensure({ acr: "AL2" });
    assert.deepEqual([gate.models, stage.opened], [[], []]);
    const end = briefly((signal) => make({ gate: gate.option }).ensure({ acr: "AL3", signal }));
    await gate.shows("choose");
    assert.deepEqual(stage.opened, []);
    stage.activation.isActive = true;
    gate.choose("open");
    assert.equal(stage.opened.length, 1);
    await end();
  });

  test("inside a click the window is there at once, where what the ID token says is not enough", async () => {
    const weak = [{ acr: "AL3" }, { acr: "AL2", maxAge: 5 }, { acrValues: ["urn:x"] }, { scope: "read" }, { phishingResistant: true }];
    for (const asked of weak) {
      stage.opened = [];
      const end = briefly((signal) => make().ensure({ ...asked, signal }));
      assert.equal(stage.opened.length, 1, JSON.stringify(asked));
      await end();
    }
    for (const session of [() => ({ sub: "alice" }), () => undefined, () => ({ idToken: "x.y.z" }), async () => ({ idToken: token })]) {
      stage.opened = [];
      const end = briefly((signal) => make({ session }).ensure({ acr: "AL2", signal }));
      assert.equal(stage.opened.length, 1, String(session));
      await end();
    }
  });

  test("inside a click none is opened where it seems enough, and one that was is closed", async () => {
    const [enough, little] = [make(), make({ levels: [{ name: "AL1", maxAge: 5 }, "AL2"] })];
    await started();
    await enough.ensure({ acr: "AL1", maxAge: 60 });
    assert.deepEqual(stage.opened, []);
    const end = briefly((signal) => little.ensure({ acr: "AL1", signal }));
    assert.equal(stage.opened.length, 1, "it has ceased to hold");
    await end();
    stage.opened = [];
    await make({ session: async () => ({ accessToken: "low", idToken: token }) }).ensure({ acr: "AL2" });
    assert.deepEqual(stage.opened.map(({ closed }) => closed), [true]);
  });

  test("a session that fails is told to who waits, and to nobody else", async (context) => {
    /** @type {unknown[]} */
    const unheard = [];
    const hear = (/** @type {unknown} */ reason) => void unheard.push(reason);
    process.on("unhandledRejection", hear);
    context.after(() => process.off("unhandledRejection", hear));
    const session = () => Promise.reject(new Error("no"));
    const error = await refusal(make({ session }).ensure({ acr: "AL2" }));
    assert.deepEqual([error.code, error.cause.message], ["configuration_invalid", "no"]);
    assert.deepEqual(unheard, []);
  });

  test("t64 an ID token that was forged proves nothing, and prompts nobody", async () => {
    stage.activation.isActive = false;
    const [header, , signature] = token.split(".");
    const claims = { iss: ISSUER, aud: "app", sub: "alice", acr: "AL3", auth_time: seconds(), iat: seconds(), exp: seconds() + 300 };
    token = [header, Buffer.from(JSON.stringify(claims)).toString("base64url"), signature].join(".");
    const stepup = make();
    assert.equal((await refusal(stepup.ensure({ acr: "AL3" }))).code, "subject_unknown");
    assert.equal(stepup.assurance, undefined);
    assert.deepEqual(stage.opened, []);
  });

  test("a window goes on its way at once, where the ID token would be too little if it were true", async () => {
    /** @type {() => void} */
    let release = () => {};
    stage.answers[KEYS] = () => new Promise((resolve) => (release = () => resolve(keys())));
    const end = briefly((signal) => make().ensure({ acr: "AL3", signal }));
    await until(() => stage.opened[0]?.url);
    await until(() => stage.to(KEYS).length === 1);
    release();
    await end();
  });

  test("one that says nonsense is waited for, and refused", async () => {
    for (const claims of [{ acr: 7 }, { amr: [null] }, { exp: "soon" }, { auth_time: {} }]) {
      token = await idToken({ acr: "AL2", ...claims });
      const error = await refusal(make().ensure({ acr: "AL2" }));
      assert.equal(error.code, "subject_unknown", JSON.stringify(claims));
    }
  });

  test("an ID token that has expired proves nothing", async () => {
    token = await idToken({ acr: "AL3", auth_time: seconds(), exp: seconds(1) });
    const end = briefly((signal) => make().ensure({ acr: "AL1", signal }));
    assert.equal(stage.opened.length, 1);
    await end();
  });

  test("a request that is challenged is not content with what the session proves", async () => {
    stage.answers["https://api.example/x"] = () => challenge("AL1");
    const stepup = make();
    await stepup.ensure({ acr: "AL2" });
    const end = briefly((signal) => stepup.fetch("https://api.example/x", { signal }));
    await until(() => stage.opened.length === 1);
    await end();
  });

  test("a backend's session and an own authenticate are not looked at", async () => {
    let read = 0;
    const session = () => {
      read += 1;
      return { idToken: token };
    };
    const stepup = make({ session, issuer: undefined, authenticate: async () => "high" });
    assert.equal((await stepup.ensure({ acr: "AL1" })).verified, false);
    // At the start, and again before the answer is used.
    assert.equal(read, 2);
    assert.deepEqual([stage.to(METADATA), stage.to(KEYS)], [[], []]);
  });
});

suite("what is held", () => {
  test("is told without loading anything where nothing is", () => {
    let loaded = 0;
    const core = () => {
      loaded += 1;
      return new Uint8Array();
    };
    const stepup = make({ wasm: { core } });
    assert.equal(stepup.assurance, undefined);
    assert.equal(loaded, 0);
  });

  test("is told as it is now, and cannot be changed", async () => {
    const stepup = make({ passkey: { options: OPTIONS, token: TOKEN } });
    const held = () => stepup.assurance;
    await stepup.preload();
    assert.equal(held(), undefined);
    await stepup.ensure({ acr: "AL2" });
    assert.deepEqual([held()?.level, held()?.verified], ["AL2", true]);
    const proved = await stepup.ensure({ acr: "AL3" });
    assert.deepEqual(held(), proved);
    assert.equal(proved.level, "AL3");
    assert.throws(() => Object.assign(stepup, { assurance: undefined }), TypeError);
    const told = stage.events.find(({ type }) => type === "authenticated")?.detail;
    assert.deepEqual([told.level, told.since, told.until], [proved.level, proved.since, proved.until]);
    stepup.clear();
    assert.equal(held(), undefined);
  });
});
