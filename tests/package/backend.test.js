/** A backend-for-frontend: cookies, no token in the page, and the same request again. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, suite, test } from "node:test";

import { packageFolder } from "./project.js";
import { APP, Asking, Stage, assertion, built, challenge, json, refusal, until } from "./stage.js";

/** @type {typeof import("../../src/js/index.d.ts")} */
const { createStepUp } = await import(built);

const API = `${APP}/api/transfers`;
const LOGIN = `${APP}/bff/login`;
const OPTIONS = `${APP}/bff/passkey/options`;
const VERIFY = `${APP}/bff/passkey/verify`;

/** @typedef {import("../../src/js/index.d.ts").StepUpOptions} StepUpOptions */
/** @typedef {import("../../src/js/index.d.ts").Backend} Backend */

/** @type {Stage} */
let stage;
/** @type {Asking} */
let gate;
/** Whether the session behind the cookie is raised. */
let raised = false;
/** How often the second module was asked for. */
let verifiers = 0;

beforeEach(() => {
  stage = new Stage();
  gate = new Asking();
  raised = false;
  verifiers = 0;
  stage.answers = {
    [API]: () => (raised ? new Response("done") : challenge("AL3", {}, ', max_age=60, scope="transfers:write"')),
    [OPTIONS]: () => json({ publicKey: { challenge: "AQID" }, auth_session: "s1" }),
    [VERIFY]: () => {
      raised = true;
      return json({ acr: "AL3", amr: ["hwk"], auth_time: 1_800_000_000 });
    },
  };
});

const wasm = {
  core: () => readFile(join(packageFolder, "stepup_bg.wasm")),
  idToken: () => {
    verifiers += 1;
    return new Uint8Array();
  },
};

/** @param {Backend} [bff] @param {Partial<StepUpOptions>} [options] */
const make = (bff, options) =>
  stage.watch(
    createStepUp({
      apis: [{ origin: "/", pathPrefix: "/api" }],
      redirectUri: "/stepup/callback.html",
      bff: { login: "/bff/login", passkey: { options: "/bff/passkey/options", verify: "/bff/passkey/verify" }, ...bff },
      gate: gate.option,
      // What goes wrong here ends soon.
      promptTimeout: 10,
      wasm,
      ...options,
    }),
  );

/** Only the window. @param {Partial<StepUpOptions>} [options] @param {Backend} [bff] */
const inWindow = (options, bff) => make({ passkey: undefined, ...bff }, options);

/** Where the window was sent, and where it is told to come back to. */
const visited = async () => {
  await until(() => stage.opened.at(-1)?.url, "a window that is sent somewhere");
  const url = new URL(String(stage.opened.at(-1)?.url));
  return { url, returnTo: String(url.searchParams.get("return_to")) };
};

/** @param {string} url */
const requests = (url) =>
  stage.to(url).map(({ method, headers, body, credentials }) => ({
    method, body, credentials, headers: Object.fromEntries(headers),
  }));

suite("passkeys at a backend", () => {
  test("JSON with the cookie, then the very same request; no token, no provider, no second module", async () => {
    // A token that the app has all the same is nobody's business here.
    const stepup = make({}, { session: () => ({ accessToken: "never" }), issuer: "https://login.example", clientId: "app" });
    const init = { method: "PUT", body: "amount=1", headers: { "x-mark": "1", "content-type": "text/plain" } };
    assert.equal(await (await stepup.fetch("/api/transfers", init)).text(), "done");
    const demanded = { acr_values: "AL3", max_age: 60, scope: "transfers:write" };
    const [asked, told] = [requests(OPTIONS), requests(VERIFY)];
    for (const [one, ...more] of [asked, told]) {
      assert.deepEqual([one?.method, one?.credentials, more], ["POST", "include", []]);
      assert.deepEqual(one?.headers, { accept: "application/json", "content-type": "application/json" });
    }
    assert.deepEqual(JSON.parse(String(asked[0]?.body)), demanded);
    assert.deepEqual(JSON.parse(String(told[0]?.body)), { ...demanded, auth_session: "s1", credential: assertion("for-AQID") });
    const [first, second, ...more] = requests(API);
    assert.deepEqual(second, first);
    assert.deepEqual(first?.headers, { "x-mark": "1", "content-type": "text/plain" });
    assert.deepEqual(more, []);
    assert.equal(stage.sent.length, 4);
    assert.equal(verifiers, 0);
    assert.equal(stepup.token({ acr: "AL3" }), undefined);
    assert.deepEqual(stage.opened, []);
  });

  test("what is not demanded is not sent", async () => {
    stage.answers[API] = () =>
      raised
        ? new Response("done")
        : new Response(null, { status: 401, headers: { "www-authenticate": 'Bearer error="insufficient_user_authentication"' } });
    stage.answers[OPTIONS] = () => json({ challenge: "AQID" });
    assert.equal((await make().fetch("/api/transfers")).status, 200);
    assert.equal(stage.to(OPTIONS)[0]?.body, "{}");
    assert.deepEqual(JSON.parse(String(stage.to(VERIFY)[0]?.body)), { credential: assertion("for-AQID") });
  });

  test("an Authorization header of the app's own stays, and none is added", async () => {
    await make().fetch("/api/transfers", { headers: { authorization: "Basic mine" } });
    assert.deepEqual(stage.to(API).map(({ headers }) => headers.get("authorization")), ["Basic mine", "Basic mine"]);
  });

  test("ensure() tells what the backend told, unverified; and twice is one prompt", async () => {
    const stepup = make();
    const now = Math.floor(Date.now() / 1000);
    stage.answers[VERIFY] = () => json({ acr: "AL3", amr: ["hwk", "pin"], auth_time: now, sub: "alice" });
    const asked = { acr: "AL3", maxAge: 300, scope: "transfers:write" };
    const [one, two] = await Promise.all([stepup.ensure(asked), stepup.ensure(asked)]);
    const three = await stepup.ensure(asked);
    const { until: _, ...told } = one;
    const since = now * 1000;
    assert.deepEqual(told, { acr: "AL3", amr: ["hwk", "pin"], authTime: now, scope: ["transfers:write"], verified: false, since });
    assert.deepEqual([two, three], [one, one]);
    assert.equal(stage.ceremonies.length, 1);
    assert.deepEqual(stage.opened, []);
    await stepup.ensure({ ...asked, acr: "AL4" });
    assert.equal(stage.ceremonies.length, 2);
    stepup.clear();
    await stepup.ensure(asked);
    assert.equal(stage.ceremonies.length, 3);
  });

  test("a backend that tells nothing, or nonsense, has raised the session all the same", async () => {
    for (const answer of [
      () => new Response(null, { status: 204 }),
      () => new Response("ok"),
      () => json({ acr: ["AL3"], auth_time: "yesterday" }),
      () => json([]),
    ]) {
      stage.answers[VERIFY] = answer;
      const { acr, amr, authTime, verified } = await make().ensure({ acr: "AL3" });
      assert.deepEqual([acr, amr, authTime, verified], [undefined, undefined, undefined, false]);
    }
  });

  test("what it was told is no answer to the API, which demands again: a loop is told as such", async () => {
    stage.answers[VERIFY] = () => json({ acr: "AL3" });
    const error = await refusal(make().fetch("/api/transfers"));
    assert.equal(error.code, "loop_detected");
    assert.equal(error.response.bodyUsed, false);
    assert.equal(stage.to(API).length, 2);
  });

  test("a backend that refuses is told by its OAuth error, else as token_refused", async () => {
    for (const [answer, code] of /** @type {[() => Response, string][]} */ ([
      [() => json({ error: "subject_mismatch" }, 403), "subject_mismatch"],
      [() => json({ error: "unmet_authentication_requirements" }, 403), "assurance_unavailable"],
      [() => json({ error: "access_denied" }, 403), "token_refused"],
      [() => new Response("<h1>", { status: 500 }), "token_refused"],
      [() => new Response(null, { status: 419 }), "token_refused"],
    ]))
      for (const endpoint of [OPTIONS, VERIFY]) {
        const { [endpoint]: before } = stage.answers;
        stage.answers[endpoint] = answer;
        assert.equal((await refusal(make({}, { gate: false }).fetch("/api/transfers"))).code, code);
        stage.answers[endpoint] = /** @type {import("./stage.js").Answer} */ (before);
      }
  });

  test("only the window, or only the passkey, may be configured", async () => {
    const passkeyOnly = make({ login: undefined }, { redirectUri: undefined });
    assert.equal((await passkeyOnly.fetch("/api/transfers")).status, 200);
  });
});

suite("the CSRF header", () => {
  /** @type {string[]} */
  const given = [];
  const csrf = {
    header: "X-CSRF-Token",
    token: async () => {
      given.push(`t${given.length}`);
      return String(given.at(-1));
    },
  };
  beforeEach(() => {
    given.length = 0;
  });
  /** @param {string} url */
  const sentTo = (url) => stage.to(url).map(({ headers }) => headers.get("x-csrf-token"));

  test("is on the first send, both endpoints and the retry, read anew each time", async () => {
    await make({ csrf }).fetch("/api/transfers", { method: "POST", body: "a" });
    assert.deepEqual([sentTo(API), sentTo(OPTIONS), sentTo(VERIFY)], [["t0", "t3"], ["t1"], ["t2"]]);
  });

  test("is on unsafe requests only, however the method is written", async () => {
    raised = true;
    const stepup = make({ csrf });
    for (const method of ["GET", "HEAD", "OPTIONS", "get", undefined])
      await stepup.fetch("/api/transfers", method ? { method } : {});
    assert.deepEqual(new Set(sentTo(API)), new Set([null]));
    assert.equal(given.length, 0);
    for (const method of ["POST", "PUT", "PATCH", "DELETE", "post"])
      await stepup.fetch("/api/transfers", { method });
    await stepup.fetch(new Request(API, { method: "DELETE" }));
    assert.deepEqual(sentTo(API).slice(5), ["t0", "t1", "t2", "t3", "t4", "t5"]);
  });

  test("goes to nobody else", async () => {
    raised = true;
    stage.answers = { ...stage.answers, [`${APP}/elsewhere`]: () => new Response(), "https://other.example/api": () => new Response() };
    const stepup = make({ csrf });
    await stepup.fetch(`${APP}/elsewhere`, { method: "POST" });
    await stepup.fetch("https://other.example/api", { method: "POST" });
    assert.ok(stage.sent.every(({ headers }) => !headers.has("x-csrf-token")));
  });

  test("whose value cannot be had rejects the request before it leaves", async () => {
    const cause = new Error("no cookie");
    const failing = { header: "X-CSRF-Token", token: () => Promise.reject(cause) };
    assert.equal(await refusal(make({ csrf: failing }).fetch("/api/transfers", { method: "POST" })), cause);
    assert.deepEqual(stage.sent, []);
    const error = await refusal(make({ csrf: failing }, { gate: false }).fetch("/api/transfers"));
    assert.deepEqual([error.code, error.cause], ["configuration_invalid", cause]);
  });
});

suite("the backend's login in a window", () => {
  test("goes there with what is demanded, comes back by the callback, and the same request leaves again", async () => {
    const asking = inWindow().fetch("/api/transfers", { method: "POST", body: "amount=1" });
    const { url, returnTo } = await visited();
    assert.equal(url.origin + url.pathname, LOGIN);
    const { acr_values, max_age, scope, ...more } = Object.fromEntries(url.searchParams);
    assert.deepEqual({ acr_values, max_age, scope }, { acr_values: "AL3", max_age: "60", scope: "transfers:write" });
    assert.deepEqual(Object.keys(more), ["return_to"]);
    assert.match(returnTo, /^\/stepup\/callback\.html\?stepup_state=[\w-]{22,}$/);
    raised = true;
    const { said, end, names } = await stage.callback(returnTo);
    assert.equal((await asking).status, 200);
    assert.deepEqual(names(), [`stepup:${new URL(returnTo, APP).searchParams.get("stepup_state")}`]);
    await until(() => said.closed, "a callback that closes itself");
    end();
    assert.equal(said.replaced, "/stepup/callback.html");
    assert.equal(stage.opened[0]?.closed, true);
    const [first, second, ...others] = requests(API);
    assert.deepEqual([second, others], [first, []]);
    assert.deepEqual(stage.sent.map(({ url }) => url), [API, API]);
    assert.equal(verifiers, 0);
  });

  test("comes back to a URL where the login is of another origin, and keeps the callback's own query", async () => {
    const stepup = inWindow({ redirectUri: "/cb?tenant=1" }, { login: "https://bff.example/login?kind=high" });
    const asking = refusal(stepup.fetch("/api/transfers"));
    const { url, returnTo } = await visited();
    assert.equal(url.searchParams.get("kind"), "high");
    const back = new URL(returnTo);
    assert.equal(back.origin + back.pathname, `${APP}/cb`);
    assert.equal(back.searchParams.get("tenant"), "1");
    const { end } = await stage.callback(`${returnTo}&error=access_denied`);
    assert.equal((await asking).code, "cancelled");
    end();
    const near = inWindow({ redirectUri: "/cb?tenant=1" });
    const again = refusal(near.ensure({ acr: "AL3" }));
    await until(() => stage.opened.at(-1)?.url.startsWith(LOGIN), "the second window");
    assert.match((await visited()).returnTo, /^\/cb\?tenant=1&stepup_state=/);
    near.clear();
    await again;
  });

  for (const [error, code] of [
    ["access_denied", "cancelled"],
    ["unmet_authentication_requirements", "assurance_unavailable"],
    ["subject_mismatch", "subject_mismatch"],
    ["login_required", "authorization_refused"],
    ["server_error", "authorization_refused"],
  ])
    test(`error=${error} is ${code}`, async () => {
      const asking = refusal(inWindow().fetch("/api/transfers"));
      const { end } = await stage.callback(`${(await visited()).returnTo}&error=${error}`);
      const failed = await asking;
      end();
      assert.deepEqual([failed.code, failed.response.bodyUsed], [code, false]);
      assert.equal(stage.to(API).length, 1);
      assert.equal(stage.opened[0]?.closed, true);
    });

  test("t25 another state, or none, is not heard; the right one is afterwards", async () => {
    const asking = inWindow().fetch("/api/transfers");
    const { returnTo } = await visited();
    const state = new URL(returnTo, APP).searchParams.get("stepup_state");
    const channel = new BroadcastChannel(`stepup:${state}`);
    for (const query of ["", "?stepup_state=other", `?state=${state}`, `?stepup_state=${state}&stepup_state=${state}`])
      channel.postMessage(query);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(stage.to(API).length, 1);
    raised = true;
    channel.postMessage(`?stepup_state=${state}`);
    assert.equal((await asking).status, 200);
    channel.close();
  });

  test("ensure() opens it inside the click, before the wasm is there", async () => {
    const stepup = inWindow();
    const asking = stepup.ensure({ acr: "AL3" });
    assert.equal(stage.opened.length, 1);
    const { end } = await stage.callback((await visited()).returnTo);
    const { verified, acr } = await asking;
    end();
    assert.deepEqual([verified, acr], [false, undefined]);
    assert.equal(stage.opened.length, 1);
    await stepup.ensure({ acr: "AL3" });
    assert.equal(stage.opened.length, 1);
  });
});

suite("options of a backend that cannot work", () => {
  /** @type {[string, Backend | undefined, Partial<StepUpOptions>][]} */
  const WRONG = [
    ["the popup without bff.login", { login: undefined }, { methods: ["passkey", "popup"] }],
    ["the popup without redirectUri", {}, { redirectUri: undefined }],
    ["neither login nor passkey", { login: undefined, passkey: undefined }, {}],
    ["the passkey without bff.passkey", { passkey: undefined }, { methods: ["passkey"] }],
    ["a login in the clear", { login: "http://bff.example/login" }, {}],
    ["a login that is no address", { login: "https://[" }, {}],
    ["a passkey endpoint that is no address", { passkey: { verify: "https://[" } }, {}],
    ["a callback that is no address", {}, { redirectUri: "https://[" }],
    ["a callback of another origin", {}, { redirectUri: "https://other.example/callback.html" }],
  ];
  for (const [what, bff, options] of WRONG)
    test(`${what} is configuration_invalid, and nobody is asked`, async () => {
      const error = await refusal(make(bff, options).fetch("/api/transfers"));
      assert.equal(error.code, "configuration_invalid");
      assert.equal(error.response.status, 401);
      assert.equal((await refusal(make(bff, options).ensure({ acr: "AL3" }))).code, "configuration_invalid");
      assert.deepEqual([stage.ceremonies, gate.models], [[], []]);
      assert.ok(stage.opened.every(({ closed }) => closed));
    });
});
