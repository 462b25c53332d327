/** The whole loop without a browser: the built package, the app's own `authenticate`, and a network that is a function. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, suite, test } from "node:test";
import { pathToFileURL } from "node:url";
import { join } from "node:path";

import { packageFolder } from "./project.js";

const built = pathToFileURL(join(packageFolder, "node.js")).href;
/** @type {typeof import("../../src/js/index.d.ts")} */
const { createStepUp } = await import(built);

const API = "https://api.example/transfers";
const challenge = (acr = "AL3") => ({
  status: 401,
  headers: {
    "www-authenticate": `Bearer error="insufficient_user_authentication", acr_values="${acr}"`,
  },
});

/**
 * @typedef {{ url: string, init: RequestInit, authorization: string | null }} Sent
 * @typedef {(sent: Sent) => Response | Promise<Response>} Network
 */

suite("the loop", () => {
  const native = globalThis.fetch;
  const warn = console.warn;
  /** @type {Sent[]} */
  let sent;
  /** @type {Network} */
  let network;
  /** @type {string[]} */
  let warnings;

  beforeEach(() => {
    sent = [];
    warnings = [];
    console.warn = (/** @type {string} */ text) => warnings.push(text);
    globalThis.fetch = async (input, init = {}) => {
      const request = input instanceof Request ? input : undefined;
      const headers = new Headers(request?.headers ?? init.headers);
      const url = request?.url ?? String(input);
      const one = { url, init: request ?? init, authorization: headers.get("authorization") };
      sent.push(/** @type {Sent} */ (one));
      return network(/** @type {Sent} */ (one));
    };
    network = ({ authorization }) =>
      authorization === "Bearer high" ? new Response("done") : new Response(null, challenge());
  });
  afterEach(() => {
    globalThis.fetch = native;
    console.warn = warn;
  });

  /** @param {Partial<import("../../src/js/index.d.ts").StepUpOptions>} [options] */
  const make = (options) =>
    createStepUp({
      apis: ["https://api.example"],
      session: () => ({ accessToken: "low" }),
      authenticate: async () => "high",
      ...options,
    });

  /** @param {Promise<unknown>} promise */
  const refusal = (promise) =>
    promise.then(
      () => assert.fail("it was not refused"),
      (error) => error,
    );

  const authorizations = () => sent.map(({ authorization }) => authorization);

  test("a challenge leads to one step-up, and the request leaves again with the new token", async () => {
    let prompts = 0;
    /** @type {unknown} */
    let asked;
    const stepup = make({
      authenticate: async ({ requirement, reason }) => {
        prompts += 1;
        asked = { requirement, reason };
        return "high";
      },
    });
    /** @type {string[]} */
    const events = [];
    for (const type of /** @type {const} */ (["challenge", "prompt", "authenticated", "retry", "request", "settled"]))
      stepup.addEventListener(type, () => events.push(type));
    const init = { method: "POST", body: "amount=1", stepup: { reason: "Confirm" } };
    const all = await Promise.all([stepup.fetch(API, init), stepup.fetch(API, init)]);
    assert.deepEqual(all.map(({ status }) => status), [200, 200]);
    assert.equal(prompts, 1);
    assert.deepEqual(asked, {
      requirement: { acrValues: ["AL3"], scope: ["openid"] },
      reason: "Confirm",
    });
    assert.deepEqual(authorizations(), ["Bearer low", "Bearer low", "Bearer high", "Bearer high"]);
    assert.deepEqual(new Set(sent.map(({ init: { body } }) => body)), new Set(["amount=1"]));
    const order = ["challenge", "challenge", "prompt", "authenticated", "retry", "retry"];
    assert.deepEqual(events.slice(0, 6), order);
    assert.deepEqual(events.slice(6).sort(), ["request", "request", "settled", "settled"]);
  });

  test("t13 another origin gets the caller's own arguments and no token", async () => {
    const stepup = make();
    const response = new Response(null, challenge());
    network = () => response;
    const init = { method: "POST" };
    assert.equal(await stepup.fetch("https://api.example.evil.test/transfers", init), response);
    assert.equal(sent[0]?.init, init);
    assert.equal(sent[0]?.authorization, null);
  });

  test("an answer that is no challenge is the same object, and the wasm is not asked for", async () => {
    let asked = 0;
    const wasm = () => {
      asked += 1;
      return new Uint8Array();
    };
    const stepup = make({ wasm: { core: wasm } });
    for (const answer of [
      new Response("fine"),
      new Response(null, { status: 401 }),
      new Response(null, { status: 401, headers: { "www-authenticate": 'Bearer error="invalid_token"' } }),
      new Response(null, { ...challenge(), status: 418 }),
    ]) {
      network = () => answer;
      assert.equal(await stepup.fetch(API), answer);
    }
    assert.equal(asked, 0);
  });

  test("t14 a token goes to no API in the clear", async () => {
    const stepup = make({ apis: ["http://api.example", "http://api.localhost:8080"] });
    const error = await refusal(stepup.fetch("http://api.example/transfers"));
    assert.equal(error.code, "origin_not_allowed");
    assert.deepEqual(sent, []);
    assert.equal((await stepup.fetch("http://api.localhost:8080/transfers")).status, 200);
  });

  test("t13 a challenge at the end of a redirect to somebody else asks nobody for anything", async () => {
    const stepup = make({ session: () => null, authenticate: async () => assert.fail("prompted") });
    const elsewhere = new Response(null, challenge());
    Object.defineProperties(elsewhere, {
      redirected: { value: true },
      url: { value: "https://evil.test/" },
    });
    network = () => elsewhere;
    assert.equal(await stepup.fetch(API), elsewhere);
  });

  test("t49 bodies are what they were at the call", async () => {
    const stepup = make();
    const bytes = new TextEncoder().encode("before");
    const query = new URLSearchParams("a=1");
    const sending = [
      stepup.fetch(API, { method: "POST", body: bytes }),
      stepup.fetch(API, { method: "POST", body: query }),
    ];
    bytes.fill(0);
    query.set("a", "2");
    await Promise.all(sending);
    const bodies = await Promise.all(sent.map(({ init }) => new Response(init.body).text()));
    assert.deepEqual(bodies.sort(), ["a=1", "a=1", "before", "before"]);
  });

  test("t51 a stream is not sent twice, and the token is kept for the app's own next try", async () => {
    const stepup = make();
    const stream = () => ({
      method: "POST",
      duplex: "half",
      body: new ReadableStream({ start: (controller) => controller.close() }),
    });
    const error = await refusal(stepup.fetch(API, stream()));
    assert.equal(error.code, "replay_unavailable");
    assert.equal(error.response.status, 401);
    assert.equal((await stepup.fetch(API, stream())).status, 200);
    assert.deepEqual(authorizations(), ["Bearer low", "Bearer high"]);
  });

  test("t55 the caller's own abort rejects with its reason, and ends the step-up", async () => {
    const caller = new AbortController();
    /** @type {AbortSignal | undefined} */
    let inner;
    const stepup = make({
      authenticate: ({ signal }) => {
        inner = signal;
        caller.abort("changed my mind");
        return new Promise(() => {});
      },
    });
    assert.equal(await refusal(stepup.fetch(API, { signal: caller.signal })), "changed my mind");
    assert.equal(inner?.aborted, true);
  });

  test("t11 the same demand again is a loop, with the last response to be read", async () => {
    network = () => new Response("again", challenge());
    const error = await refusal(make().fetch(API));
    assert.equal(error.code, "loop_detected");
    assert.equal(await error.response.text(), "again");
    assert.deepEqual(authorizations(), ["Bearer low", "Bearer high"]);
  });

  test("t16 a hostile challenge is rejected with its response", async () => {
    network = () => new Response("why", challenge("x".repeat(5000)));
    const error = await refusal(make().fetch(API));
    assert.equal(error.code, "challenge_rejected");
    assert.equal(await error.response.text(), "why");
  });

  test("t67 clear() also ends what waits for the wasm", async () => {
    const stepup = make({ authenticate: async () => assert.fail("prompted") });
    const sending = refusal(stepup.fetch(API));
    network = () => {
      stepup.clear();
      return new Response(null, challenge());
    };
    const error = await sending;
    assert.equal(error.code, "session_changed");
    assert.equal(error.response.status, 401);
    assert.equal(sent.length, 1);
  });

  test("t67 clear() in a listener keeps what has not left from leaving", async () => {
    const stepup = make();
    stepup.addEventListener("authenticated", () => stepup.clear());
    assert.equal((await refusal(stepup.fetch(API))).code, "session_changed");
    assert.deepEqual(authorizations(), ["Bearer low"]);
  });

  test("a held token that the API refuses gives way to the session's", async () => {
    const stepup = make({ scope: "openid" });
    const stream = { method: "POST", duplex: "half", body: new ReadableStream() };
    await refusal(stepup.fetch(API, stream));
    network = () =>
      new Response(null, { status: 401, headers: { "www-authenticate": 'Bearer error="invalid_token"' } });
    await stepup.fetch(API);
    await stepup.fetch(API);
    assert.deepEqual(authorizations(), ["Bearer low", "Bearer high", "Bearer low"]);
  });

  test("what the app's own functions throw does not get in the way of a plain request", async () => {
    const fail = () => {
      throw new Error("oops");
    };
    network = () => new Response("no", { status: 403 });
    const stepup = make({ session: fail, apis: [{ origin: "https://api.example", detect: fail }] });
    const response = await stepup.fetch(API, { headers: { authorization: "Bearer mine" } });
    assert.equal(await response.text(), "no");
    assert.deepEqual(authorizations(), ["Bearer mine"]);
    assert.equal(warnings.length, 2);
  });

  test("t23 an app's own detector recognises a challenge of no standard, and may read its body", async () => {
    network = async ({ authorization }) =>
      authorization === "Bearer high"
        ? new Response("done")
        : new Response('{"please":"AL3"}', { status: 422 });
    const api = {
      origin: "https://api.example",
      detect: async (/** @type {Response} */ response) => ({ acr: (await response.json()).please }),
    };
    assert.equal(await (await make({ apis: [api] }).fetch(API)).text(), "done");
  });

  test("undoing install() leaves whoever has wrapped us since intact", async () => {
    network = () => new Response("fine");
    const before = globalThis.fetch;
    const undo = make().install();
    const ours = globalThis.fetch;
    assert.notEqual(ours, before);
    globalThis.fetch = (input, init) => ours(input, init);
    undo();
    assert.equal(await (await fetch(API)).text(), "fine");
    globalThis.fetch = before;
    const one = make().install();
    const two = make().install();
    one();
    assert.equal(await (await fetch(API)).text(), "fine");
    two();
    assert.equal(await (await fetch(API)).text(), "fine");
    assert.equal(sent.length, 3);
  });

  test("several ensure() in one click open one window, and a wasm that fails closes it", async () => {
    let open = 0;
    let closed = 0;
    const popup = { close: () => (closed += 1) };
    Object.assign(globalThis, { open: () => ((open += 1), popup) });
    const { navigator } = globalThis;
    Object.defineProperty(globalThis, "navigator", { value: { userActivation: { isActive: true } }, configurable: true });
    // What is no options at all fails only once the wasm is there.
    const bad = /** @type {any} */ ({ apis: ["https://api.example"], issuer: "http://x.test" });
    const stepup = createStepUp(bad);
    const codes = [refusal(stepup.ensure()), refusal(stepup.ensure({ acr: "AL3" }))];
    assert.equal(open, 1);
    for (const error of await Promise.all(codes)) assert.equal(error.code, "configuration_invalid");
    assert.equal(closed, 1);
    Reflect.deleteProperty(globalThis, "open");
    Object.defineProperty(globalThis, "navigator", { value: navigator, configurable: true });
  });

  test("an error of authenticate is the cause of the step-up's, and a StepUpError keeps its code", async () => {
    const cause = new Error("the library says no");
    const failed = await refusal(make({ authenticate: () => Promise.reject(cause) }).fetch(API));
    assert.equal(failed.code, "authenticate_failed");
    assert.equal(failed.cause, cause);
    const { StepUpError } = await import(built);
    const no = new StepUpError("cancelled");
    const cancelled = await refusal(make({ authenticate: () => Promise.reject(no) }).fetch(API));
    assert.equal(cancelled.code, "cancelled");
  });

  test("options and requirements that cannot work are told as such", async () => {
    const bad = /** @type {any} */ ({ apis: ["https://api.example"], issuer: "http://x.test" });
    assert.equal((await refusal(createStepUp(bad).ensure())).code, "configuration_invalid");
    for (const apis of [undefined, "https://api.example", ["nonsense://"], [{}], ["https://api.example/path"], ["https://api.example?q"]]) {
      const unusable = createStepUp(/** @type {any} */ ({ apis }));
      assert.equal((await refusal(unusable.fetch(API))).code, "configuration_invalid", `${apis}`);
    }
    for (const asked of [{ maxAge: -1 }, { maxAge: 1.5 }, { acr: "a b" }, { scope: 'a"b' }])
      assert.equal((await refusal(make().ensure(asked))).code, "configuration_invalid");
  });
});
