/** Requests that ask first: the app's rules, and what is sent when. */

import assert from "node:assert/strict";
import { beforeEach, suite, test } from "node:test";

import { ISSUER, OPTIONS, TOKEN, idToken, provider, tokens } from "./issuer.js";
import { Asking, Stage, built, challenge, json, refusal, until } from "./stage.js";

/** @type {typeof import("../../src/js/index.d.ts")} */
const { StepUpError, createStepUp } = await import(built);

/** @typedef {import("../../src/js/index.d.ts").StepUpOptions} StepUpOptions */
/** @typedef {import("../../src/js/index.d.ts").Rule} Rule */

const API = "https://api.example/transfers";
const BALANCE = "https://api.example/balance";

/** @type {Stage} */
let stage;
/** @type {Asking} */
let gate;

beforeEach(() => {
  stage = new Stage();
  gate = new Asking();
  stage.answers = { ...provider(), [API]: () => new Response("done"), [BALANCE]: () => new Response("1") };
});

/** @param {Rule | Rule[]} rules @param {Partial<StepUpOptions>} [options] */
const make = (rules, options) =>
  stage.watch(
    createStepUp({
      apis: ["https://api.example"],
      issuer: ISSUER,
      clientId: "app",
      redirectUri: "/stepup/callback.html",
      session: () => ({ accessToken: "low", sub: "alice", scope: "openid read" }),
      passkey: { options: OPTIONS, token: TOKEN },
      gate: gate.option,
      // What goes wrong here ends soon.
      promptTimeout: 10,
      ...options,
      rules: [rules].flat(),
    }),
  );

/** @type {Rule} */
const transfers = { method: "POST", url: "/transfers", require: { acr: "AL3", maxAge: 60 } };

/** With what token and body the requests to an address went. @param {string} [address] */
const sent = (address = API) => stage.to(address).map(({ headers, body }) => [headers.get("authorization"), body]);

const post = { method: "POST", body: "amount=1" };

suite("a request that matches a rule", () => {
  test("asks first, and is sent once with what was obtained", async () => {
    const response = await make(transfers).fetch(API, { ...post, headers: { "x-mark": "1" }, stepup: { tag: "t" } });
    assert.equal(await response.text(), "done");
    assert.deepEqual(sent(), [["Bearer high", "amount=1"]]);
    assert.equal(stage.to(API)[0]?.headers.get("x-mark"), "1");
    const { acr_values, max_age } = stage.form(OPTIONS);
    assert.deepEqual([acr_values, max_age], ["AL3", "60"]);
    const types = stage.events.map(({ type, detail }) => (type === "request" ? `to ${detail.target}` : type));
    assert.deepEqual(types.filter((type) => !/metadata|jwks/.test(type)), [
      "demand", "to passkey_options", "prompt", "to passkey_token", "authenticated", "to api", "settled",
    ]);
    const { detail } = /** @type {any} */ (stage.events[0]);
    assert.deepEqual(
      { ...detail, at: 0 },
      {
        flow: "f1", at: 0, request: "r1", tag: "t", method: "POST", url: API, by: "rule",
        requirement: { acrValues: ["AL3"], maxAge: 60, scope: [] },
      },
    );
  });

  test("asks nobody where what is held is enough, and is sent with it", async () => {
    const stepup = make(transfers);
    await stepup.ensure({ acr: "AL3" });
    await stepup.fetch(API, post);
    await stepup.fetch(API, post);
    assert.equal(stage.ceremonies.length, 1);
    assert.deepEqual(sent().map(([token]) => token), ["Bearer high", "Bearer high"]);
  });

  test("asks nobody where the session's own ID token is enough, and leaves as any other", async () => {
    const token = await idToken({ acr: "AL3", auth_time: Math.floor(Date.now() / 1000) });
    const stepup = make(transfers, { session: () => ({ accessToken: "low", idToken: token, scope: "openid read" }) });
    await stepup.fetch(API, post);
    assert.deepEqual(sent(), [["Bearer low", "amount=1"]]);
    assert.deepEqual(stage.ceremonies, []);
    const settled = stage.events.filter(({ type }) => type === "settled").map(({ detail }) => detail.outcome);
    assert.deepEqual(settled, ["assurance"]);
    // The API decides.
    stage.answers[API] = ({ headers }) => (headers.get("authorization") === "Bearer high" ? new Response("done") : challenge());
    assert.equal((await stepup.fetch(API, post)).status, 200);
    assert.deepEqual(sent().map(([token]) => token), ["Bearer low", "Bearer low", "Bearer high"]);
  });

  test("goes on as ever where the API demands more, and ends where it demands the same", async () => {
    const answers = [challenge("AL3", {}, ', scope="write"'), new Response("done")];
    stage.answers[API] = () => /** @type {Response} */ (answers.shift());
    const tokens = /** @type {import("./stage.js").Answer} */ (stage.answers[TOKEN]);
    stage.answers[TOKEN] = async (request, signal) => {
      const answer = await (await tokens(request, signal)).json();
      return json({ ...answer, scope: new URLSearchParams(request.body).get("scope"), access_token: `high${stage.to(TOKEN).length}` });
    };
    assert.equal((await make(transfers).fetch(API, post)).status, 200);
    assert.deepEqual(sent(), [["Bearer high1", "amount=1"], ["Bearer high2", "amount=1"]]);

    stage.answers[API] = () => challenge("AL3");
    const error = await refusal(make(transfers).fetch(API, post));
    assert.deepEqual([error.code, error.response.status], ["loop_detected", 401]);
  });

  test("shares its prompt with all that wait", async () => {
    const stepup = make(transfers);
    const all = await Promise.all([stepup.fetch(API, post), stepup.fetch(API, post), stepup.ensure({ acr: "AL3" })]);
    assert.equal(all.length, 3);
    assert.deepEqual([stage.ceremonies.length, stage.to(API).length], [1, 2]);
  });

  test("is not sent where the step-up fails, and the caller's own abort is its reason", async () => {
    stage.authenticator = () => Promise.reject(new DOMException("no", "NotAllowedError"));
    const failed = refusal(make(transfers).fetch(API, post));
    await gate.shows("failed");
    gate.choose("cancel");
    assert.equal((await failed).code, "passkey_refused");

    stage.authenticator = () => new Promise(() => {});
    const abort = new AbortController();
    const aborted = refusal(make(transfers).fetch(API, { ...post, signal: abort.signal }));
    await until(() => stage.ceremonies.length === 2);
    abort.abort(new Error("enough"));
    assert.equal((await aborted).message, "enough");
    assert.deepEqual(stage.to(API), []);
  });

  test("a stream is sent whole, and only once", async () => {
    const stream = () => new Blob(["amount=", "2"]).stream();
    const init = () => ({ method: "POST", body: stream(), duplex: "half" });
    await make(transfers).fetch(API, /** @type {RequestInit} */ (init()));
    assert.deepEqual(sent(), [["Bearer high", "amount=2"]]);
    stage.answers[API] = () => challenge("AL3", {}, ', scope="write"');
    const tokens = /** @type {import("./stage.js").Answer} */ (stage.answers[TOKEN]);
    stage.answers[TOKEN] = async (request, signal) =>
      json({ ...(await (await tokens(request, signal)).json()), scope: new URLSearchParams(request.body).get("scope") });
    const error = await refusal(make(transfers).fetch(API, /** @type {RequestInit} */ (init())));
    assert.equal(error.code, "replay_unavailable");
    assert.equal(stage.to(API).length, 2);
  });

  test("with a backend goes with its cookie, and the next one asks nobody", async () => {
    stage.answers = {
      "https://app.example/api/transfers": () => new Response("done"),
      "https://app.example/bff/options": () => json({ challenge: "AQID" }),
      "https://app.example/bff/verify": () => json({ acr: "AL3" }),
    };
    const stepup = make({ url: "./transfers", require: { acr: "AL3" } }, {
      apis: [{ origin: "/", pathPrefix: "/api" }],
      issuer: undefined,
      bff: {
        passkey: { options: "/bff/options", verify: "/bff/verify" },
        csrf: { header: "x-csrf", token: () => `c${stage.sent.length}` },
      },
    });
    for (const at of [0, 1]) await stepup.fetch("/api/transfers", post).then(() => at);
    const requests = stage.to("https://app.example/api/transfers");
    assert.deepEqual(requests.map(({ headers }) => [headers.get("authorization"), headers.get("x-csrf")]), [[null, "c2"], [null, "c3"]]);
    assert.deepEqual(stage.to("https://app.example/bff/verify").length, 1);
  });

  test("with the app's own authenticate gets what that gives, each for one request", async () => {
    let calls = 0;
    const stepup = make(transfers, { issuer: undefined, passkey: undefined, authenticate: async () => `own${(calls += 1)}` });
    await stepup.fetch(API, post);
    await stepup.fetch(API, post);
    assert.deepEqual(sent().map(([token]) => token), ["Bearer own1", "Bearer own2"]);
  });

  test("for an API that takes a token once brings its own each time", async () => {
    const stepup = make(transfers, { apis: [{ origin: "https://api.example", tokenUse: "once" }] });
    await stepup.fetch(API, post);
    await stepup.fetch(API, post);
    assert.deepEqual([stage.ceremonies.length, sent().length], [2, 2]);
  });

  test("with bound tokens proves that the key is held, and with details is about those", async () => {
    stage.answers[TOKEN] = async ({ body }) => {
      const form = new URLSearchParams(body);
      const details = form.get("authorization_details");
      const more = details ? { authorization_details: JSON.parse(details) } : {};
      return tokens({ nonce: form.get("nonce") }, { token_type: "DPoP", ...more });
    };
    const stepup = make(transfers, { dpop: true });
    await stepup.prepare(transfers);
    await stepup.fetch(API, post);
    const authorizationDetails = [{ type: "payment", amount: "1.00" }];
    await stepup.fetch(API, { ...post, stepup: { authorizationDetails } });
    assert.deepEqual(sent().map(([token]) => token), ["DPoP high", "DPoP high"]);
    assert.ok(stage.to(API).every(({ headers }) => headers.has("dpop")));
    assert.deepEqual(JSON.parse(String(stage.form(TOKEN).authorization_details)), authorizationDetails);
    assert.equal(stage.ceremonies.length, 2, "what is confirmed in particular is confirmed alone");
  });

  test("tells in its event what it is about, as it is", async () => {
    const authorizationDetails = [{ type: "payment", amount: "1.00" }];
    await make(transfers).fetch(API, { ...post, stepup: { authorizationDetails } }).catch(() => {});
    const { detail } = stage.events.find(({ type }) => type === "demand") ?? assert.fail("no demand");
    assert.deepEqual(detail.requirement.authorizationDetails, authorizationDetails);
  });

  test("t24 tells why a challenge after all may go unseen", async () => {
    stage.answers[API] = () => Object.defineProperty(new Response(null, { status: 401 }), "type", { value: "cors" });
    assert.equal((await make(transfers).fetch(API, post)).status, 401);
    assert.match(stage.warnings.join(), /Access-Control-Expose-Headers/);
  });

  test("t67 does not leave after a logout that came of its own event", async () => {
    const enough = { idToken: await idToken({ acr: "AL3", auth_time: Math.floor(Date.now() / 1000) }), accessToken: "low" };
    const stepup = make(transfers, { session: () => enough });
    stepup.addEventListener("settled", () => stepup.clear(), { once: true });
    assert.equal((await refusal(stepup.fetch(API, post))).code, "session_changed");
    assert.deepEqual(stage.to(API), []);
  });

  test("t67 does not leave after a logout that came while it was looked at", async () => {
    /** @type {(yes: boolean) => void} */
    let decide = () => {};
    const stepup = make({ ...transfers, when: () => new Promise((resolve) => (decide = resolve)) });
    const failed = refusal(stepup.fetch(API, post));
    await until(() => decide.length);
    stepup.clear();
    decide(true);
    assert.equal((await failed).code, "session_changed");
    assert.deepEqual(stage.to(API), []);
  });
});

suite("which requests match", () => {
  /** Whether a rule demands anything of a request. @param {Partial<Rule>} rule @param {string} url @param {RequestInit} [init] @param {Partial<StepUpOptions>} [options] */
  const matches = async (rule, url, init, options) => {
    stage.answers[url.replace(/[?#].*/s, "")] ??= () => new Response("done");
    stage.ceremonies = [];
    await make({ require: { acr: "AL3" }, ...rule }, options).fetch(url, init);
    return stage.ceremonies.length === 1;
  };

  test("is told by method and by URL, in the syntax of URLPattern", async () => {
    assert.equal(/** @type {any} */ (globalThis).URLPattern, undefined, "the copy of the package is what is tested here");
    const PATH = "https://api.example/accounts/7/transfers";
    /** @type {[Partial<Rule>, string, RequestInit | undefined, boolean][]} */
    const cases = [
      [{}, PATH, undefined, true],
      [{ method: "post" }, PATH, { method: "POST" }, true],
      [{ method: ["PUT", "POST"] }, PATH, { method: "post" }, true],
      [{ method: "POST" }, PATH, undefined, false],
      [{ url: "/accounts/:id/transfers" }, PATH, undefined, true],
      [{ url: "/accounts/:id/transfers" }, `${PATH}?dry=1`, undefined, true],
      [{ url: "/accounts/*" }, PATH, undefined, true],
      [{ url: "/accounts/:id(\\d+)/*" }, PATH, undefined, true],
      [{ url: "/accounts/:id([a-z]+)/*" }, PATH, undefined, false],
      [{ url: "/accounts" }, PATH, undefined, false],
      [{ url: "https://api.example/accounts/*" }, PATH, undefined, true],
      [{ url: "https://files.example/*" }, PATH, undefined, false],
      [{ url: "/accounts/7/transfers\\?dry=1" }, `${PATH}?dry=1`, undefined, true],
      [{ url: "/accounts/7/transfers\\?dry=1" }, `${PATH}?dry=0`, undefined, false],
      [{ url: { pathname: "/accounts/*" } }, PATH, undefined, true],
      [{ url: { pathname: "/accounts/*", search: "" } }, `${PATH}?dry=1`, undefined, false],
      [{ url: { hostname: "files.example" } }, PATH, undefined, false],
      [{ url: /accounts/ }, PATH, undefined, true],
      [{ when: () => false }, PATH, undefined, false],
      [{ require: () => null }, PATH, undefined, false],
      [{ require: async () => undefined }, PATH, undefined, false],
      [{ require: ({ method }) => ({ acr: method === "GET" ? "AL3" : "AL9" }) }, PATH, undefined, true],
    ];
    for (const [rule, url, init, expect] of cases)
      assert.equal(await matches(rule, url, init), expect, `${JSON.stringify(rule)} ${url} ${JSON.stringify(init)}`);
  });

  test("a relative pattern is so to the API, or to what is below its prefix", async () => {
    const options = { apis: [{ origin: "https://api.example", pathPrefix: "/v1" }] };
    assert.equal(await matches({ url: "./transfers" }, "https://api.example/v1/transfers", undefined, options), true);
    assert.equal(await matches({ url: "/transfers" }, "https://api.example/v1/transfers", undefined, options), false);
    assert.equal(await matches({ url: "/v1/transfers" }, "https://api.example/v1/transfers", undefined, options), true);
  });

  test("the browser's own URLPattern is used where it is there", async (context) => {
    /** @type {any[]} */
    const made = [];
    const page = /** @type {any} */ (globalThis);
    page.URLPattern = class {
      search = "";
      /** @param {any[]} given */
      constructor(...given) {
        made.push(given);
      }
      // As engines before 2023 took it: a string that names no query wants none.
      test(/** @type {string} */ url) {
        return !/[?#]/.test(url);
      }
    };
    context.after(() => delete page.URLPattern);
    assert.equal(await matches({ url: "/transfers" }, `${API}?id=1`), true);
    assert.equal(await matches({ url: "/transfers" }, `${API}#part`), true, "a fragment is never sent");
    assert.deepEqual(made[0], ["/transfers", "https://api.example/"]);
  });

  test("where the rules cannot be loaded, requests leave without them, and that is told", async (context) => {
    const page = /** @type {any} */ (globalThis);
    Object.defineProperty(page, "URLPattern", {
      configurable: true,
      get() {
        throw new TypeError("blocked");
      },
    });
    context.after(() => delete page.URLPattern);
    assert.equal(await (await make(transfers).fetch(API, post)).text(), "done");
    assert.deepEqual(sent(), [["Bearer low", "amount=1"]]);
    const told = stage.events.filter(({ type }) => type === "diagnostic").map(({ detail }) => detail.code);
    assert.deepEqual(told, ["rules_unavailable"]);
  });

  test("a pattern that leads past every API's prefix is told", async () => {
    const apis = [{ origin: "https://api.example", pathPrefix: "/v1" }];
    const told = async (/** @type {Rule["url"]} */ url) => {
      stage = new Stage();
      stage.answers = { "https://api.example/v1/transfers": () => new Response("done") };
      await make({ url, require: () => null }, { apis }).fetch("https://api.example/v1/transfers");
      return stage.events.filter(({ detail }) => detail.code === "rule_unreachable").length;
    };
    for (const url of ["/transfers", "/v10/transfers", "/v2/:id"]) assert.equal(await told(url), 1, url);
    for (const url of ["/v1/transfers", "/v1", "./transfers", "/*", "/:version/transfers", "/v1/*", undefined])
      assert.equal(await told(url), 0, url);
  });

  test("of several that match, all that they demand is asked for at once", async () => {
    await make(
      [transfers, { require: { acr: "AL2", scope: "write" } }, { url: "/other", require: { acr: "AL9" } }],
      { levels: ["AL1", "AL2", "AL3"] },
    ).fetch(API, post).catch(() => {});
    const { acr_values, max_age, scope } = stage.form(OPTIONS);
    assert.deepEqual([acr_values, max_age, scope], ["AL3", "60", "openid read write"]);
    assert.equal(stage.ceremonies.length, 1);
  });

  test("what is no pattern is a mistake of the app's, and so are demands that exclude each other", async () => {
    const error = await refusal(make({ url: "/(", require: {} }).fetch(BALANCE));
    assert.equal(error.code, "configuration_invalid");
    assert.match(error.message, /rules\[0\]\.url/);
    const both = make([{ require: { acr: "a" } }, { require: { acr: "b" } }]);
    assert.equal((await refusal(both.fetch(API))).code, "configuration_invalid");
    assert.deepEqual(stage.sent, []);
  });

  test("a request that matches none leaves as it is, and so does one to no API", async () => {
    const stepup = make({ require: { acr: "AL3" }, url: "https://*/transfers" });
    stage.answers["https://other.example/transfers"] = () => new Response("theirs");
    assert.equal(await (await stepup.fetch(BALANCE)).text(), "1");
    assert.equal(await (await stepup.fetch("https://other.example/transfers")).text(), "theirs");
    assert.deepEqual(sent(BALANCE), [["Bearer low", ""]]);
    assert.deepEqual([stage.events, stage.ceremonies], [[], []]);
  });
});

suite("what a rule's functions see", () => {
  const form = () => {
    const data = new FormData();
    data.set("amount", "600");
    data.set("file", new Blob(["-"]), "a.txt");
    return data;
  };

  test("is the request, and the body that is sent all the same", async () => {
    const text = '{"amount":600}';
    const bytes = new TextEncoder().encode(text);
    /** @type {(() => BodyInit)[]} */
    const bodies = [() => text, () => bytes, () => bytes.buffer, () => new Blob([text]), () => new Blob([text]).stream()];
    for (const body of bodies)
      for (const wrapped of [false, true]) {
        stage.sent = [];
        const init = { method: "POST", body: body(), headers: { "x-mark": "1" }, duplex: "half" };
        /** @type {any} */
        let looked;
        const stepup = make({
          ...transfers,
          when: async (request) => {
            looked = [request.url, request.method, request.headers.get("x-mark"), request.stepup.tag, await request.text()];
            return (await request.json()).amount > 500;
          },
        });
        const stepupInit = { stepup: { tag: "t" } };
        await (wrapped
          ? stepup.fetch(new Request(API, init), stepupInit)
          : stepup.fetch(API, /** @type {any} */ ({ ...init, ...stepupInit })));
        assert.deepEqual(looked, [API, "POST", "1", "t", text]);
        assert.deepEqual(sent(), [["Bearer high", text]]);
      }
  });

  test("forms and no bodies are read too", async () => {
    /** @type {unknown[]} */
    const looked = [];
    const when = async (/** @type {import("../../src/js/index.d.ts").RuleRequest} */ request) => {
      const form = await request.formData();
      looked.push(form.get("amount"));
      form.set("amount", "1");
      return true;
    };
    await make({ when, require: { acr: "AL3" } }).fetch(API, { method: "POST", body: form() });
    await make({ when, require: { acr: "AL3" } }).fetch(API, { method: "POST", body: new URLSearchParams({ amount: "700" }) });
    const empty = async (/** @type {import("../../src/js/index.d.ts").RuleRequest} */ request) => {
      looked.push(await request.text(), (await request.arrayBuffer()).byteLength);
      return true;
    };
    await make({ when: empty, require: { acr: "AL3" } }).fetch(API);
    assert.deepEqual(looked, ["600", "700", "", 0]);
    assert.match(/** @type {string} */ (sent()[0]?.[1]), /name="amount"\r\n\r\n600/);
    assert.equal(sent()[1]?.[1], "amount=700");
  });

  test("what it changes of the headers changes nothing", async () => {
    const when = (/** @type {import("../../src/js/index.d.ts").RuleRequest} */ { headers }) => {
      headers.set("x-mark", "2");
      return true;
    };
    await make({ ...transfers, when }).fetch(API, { ...post, headers: { "x-mark": "1" } });
    assert.equal(stage.to(API)[0]?.headers.get("x-mark"), "1");
  });

  test("what they throw is told, and the request is not sent", async () => {
    const fault = new Error("no risk service");
    const fails = () => {
      throw fault;
    };
    for (const rule of [
      { ...transfers, when: fails },
      { ...transfers, when: () => Promise.reject(fault) },
      { ...transfers, require: fails },
      { ...transfers, require: async () => fails() },
    ]) {
      const error = await refusal(make([{ ...transfers, url: "/other" }, rule]).fetch(API, post));
      assert.deepEqual([error.code, error.cause], ["configuration_invalid", fault]);
      assert.match(error.message, /rules\[1\]/);
    }
    const own = new StepUpError("prompt_suppressed");
    const when = () => {
      throw own;
    };
    assert.equal(await refusal(make({ ...transfers, when }).fetch(API, post)), own);
    assert.deepEqual(stage.to(API), []);
  });

  test("a caller that gives up does not wait for them", async () => {
    const abort = new AbortController();
    const failed = refusal(make({ ...transfers, when: () => new Promise(() => {}) }).fetch(API, { ...post, signal: abort.signal }));
    await new Promise((resolve) => setTimeout(resolve, 5));
    abort.abort(new Error("enough"));
    assert.equal((await failed).message, "enough");
    assert.deepEqual(stage.to(API), []);
  });
});

suite("inside a click", () => {
  const popup = { passkey: undefined };

  test("the window opens at once where the rules are loaded", async () => {
    const stepup = make(transfers, popup);
    await stepup.fetch(BALANCE);
    const abort = new AbortController();
    const failed = refusal(stepup.fetch(API, { ...post, signal: abort.signal }));
    assert.equal(stage.opened.length, 1, "in the very call");
    await until(() => stage.opened[0]?.url);
    abort.abort();
    await failed;
    assert.deepEqual([stage.opened.length, stage.opened[0]?.closed, stage.to(API)], [1, true, []]);
  });

  test("the window opens for a payment, although the session is enough for the rest", async () => {
    const enough = { idToken: await idToken({ acr: "AL3", auth_time: Math.floor(Date.now() / 1000) }), accessToken: "low" };
    const stepup = make(transfers, { ...popup, session: () => enough });
    await stepup.fetch(BALANCE);
    for (const [authorizationDetails, opened] of /** @type {[any, number][]} */ ([[undefined, 0], [[{ type: "payment" }], 1]])) {
      const abort = new AbortController();
      const failed = stepup.fetch(API, { ...post, signal: abort.signal, stepup: { authorizationDetails } }).catch(() => {});
      assert.equal(stage.opened.length, opened);
      abort.abort();
      await failed;
    }
  });

  test("the window opens for a request that does not admit the passkey", async () => {
    const stepup = make(transfers);
    await stepup.fetch(BALANCE);
    const abort = new AbortController();
    const failed = refusal(stepup.fetch(API, { ...post, signal: abort.signal, stepup: { methods: ["popup"] } }));
    assert.equal(stage.opened.length, 1);
    abort.abort();
    await failed;
  });

  test("none opens where nothing is demanded, or the session is enough", async () => {
    const token = await idToken({ acr: "AL3", auth_time: Math.floor(Date.now() / 1000) });
    const stepup = make(transfers, { ...popup, session: () => ({ accessToken: "low", idToken: token, scope: "openid read" }) });
    await stepup.fetch(BALANCE);
    await stepup.fetch(API);
    await stepup.fetch(API, post);
    assert.deepEqual(stage.opened, []);
  });

  test("a rule that takes its time leads to a click, where the browser has blocked the window by then", async () => {
    const stepup = make({ ...transfers, when: async () => true }, popup);
    await stepup.fetch(BALANCE);
    stage.windows(false);
    const abort = new AbortController();
    const failed = refusal(stepup.fetch(API, { ...post, signal: abort.signal }));
    await gate.shows("choose");
    abort.abort();
    await failed;
  });
});
