/** What is asked for before the loader is there: inside the call itself, and nothing of it is lost. */

import assert from "node:assert/strict";
import { cp, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, suite, test } from "node:test";
import { pathToFileURL } from "node:url";

import { ISSUER, OPTIONS, TOKEN, idToken, provider } from "./issuer.js";
import { packageFolder } from "./project.js";
import { APP, Stage, built, challenge, refusal, started, until } from "./stage.js";

/** @type {typeof import("../../src/js/index.d.ts")} */
const { createStepUp } = await import(built);

const API = "https://api.example/transfers";

/** @typedef {import("../../src/js/index.d.ts").StepUpOptions} StepUpOptions */

/** @type {Stage} */
let stage;
/** What `fetch` was called with. @type {[any, any][]} */
let calls;

beforeEach(() => {
  stage = new Stage();
  stage.answers = { ...provider(), [API]: () => new Response("done"), "https://other.example/": () => new Response("other") };
  calls = [];
  const { fetch } = globalThis;
  globalThis.fetch = (input, init) => {
    calls.push([input, init]);
    return fetch(input, init);
  };
});

/** @param {Partial<StepUpOptions>} [options] @returns {StepUpOptions} */
const about = (options) => ({
  apis: ["https://api.example"],
  issuer: ISSUER,
  clientId: "app",
  redirectUri: "/stepup/callback.html",
  session: () => ({ accessToken: "low", sub: "alice" }),
  promptTimeout: 10,
  gate: false,
  ...options,
});

/** Of this tick: its loader is on its way. @param {Partial<StepUpOptions>} [options] */
const make = (options) => stage.watch(createStepUp(about(options)));

suite("a request before the loader is there", () => {
  test("t49 is sent as it was at the call, of the kind that it was", async () => {
    const form = new FormData();
    form.append("file", new Blob(["content"]), "a.txt");
    form.append("file", "2");
    const query = new URLSearchParams("a=1&a=2");
    const bytes = new TextEncoder().encode("before");
    const { buffer } = new TextEncoder().encode("buffer");
    const part = new TextEncoder().encode("a part of it").subarray(2, 6);
    const headers = new Headers({ "x-mine": "before" });
    const url = new URL(API);
    const init = { method: "POST", headers, body: "text" };
    const stepup = make();
    const sending = [form, query, bytes, buffer, part].map((body) => stepup.fetch(API, { method: "POST", body }));
    sending.push(stepup.fetch(url, init), stepup.fetch(new Request(API, { method: "PUT", body: "request", headers })));
    assert.equal(calls.length, 0);
    form.set("file", "other");
    query.set("a", "3");
    for (const view of [bytes, new Uint8Array(buffer), part]) view.fill(0);
    headers.set("x-mine", "after");
    url.pathname = "/elsewhere";
    Object.assign(init, { method: "DELETE", body: "other" });
    await Promise.all(sending);
    const sent = stage.to(API);
    const text = (/** @type {string} */ start) => sent.find(({ body }) => body.startsWith(start));
    assert.match(text("--")?.body ?? "", /name="file"; filename="a.txt"[^]*content[^]*name="file"\r\n\r\n2\r\n/);
    assert.match(text("--")?.headers.get("content-type") ?? "", new RegExp(`boundary=${text("--")?.body.slice(2, 20)}`));
    assert.match(text("a=1&a=2")?.headers.get("content-type") ?? "", /^application\/x-www-form-urlencoded/);
    for (const body of ["before", "buffer", "part"]) assert.ok(text(body), `${body} in ${sent.map(({ body }) => body)}`);
    for (const [body, method] of [["text", "POST"], ["request", "PUT"]]) {
      const { headers, method: as } = text(body ?? "") ?? assert.fail(body);
      assert.deepEqual([as, headers.get("x-mine"), headers.get("authorization")], [method, "before", "Bearer low"]);
    }
    const kinds = calls.map(([input, { body } = {}]) => (input instanceof Request ? "Request" : body?.constructor.name));
    assert.deepEqual(kinds.sort(), ["FormData", "Request", "String", "URLSearchParams", "Uint8Array", "Uint8Array", "Uint8Array"]);
    for (const [input] of calls) assert.ok(input instanceof Request || input === API, "it is called as it would be later");
  });

  test("t49 is sent as it was where its init is a Request, or an instance of a class", async () => {
    // And just so when the loader is there.
    const later = make();
    await later.fetch(API);
    stage.sent.length = 0;
    class Posting {
      get method() {
        return "POST";
      }
      get headers() {
        return { "x-mine": "kept" };
      }
      get body() {
        return "amount=1";
      }
    }
    const given = () => {
      const request = new Request("https://elsewhere.example/", { method: "POST", headers: { "x-mine": "kept" }, body: "amount=1" });
      // Node's Request does not tell it, as Chromium's does.
      return Object.defineProperty(request, "duplex", { value: "half" });
    };
    await Promise.all([make().fetch(API, new Posting()), make().fetch(API, given())]);
    await Promise.all([later.fetch(API, new Posting()), later.fetch(API, given())]);
    assert.deepEqual(
      stage.to(API).map(({ method, headers, body }) => [method, headers.get("x-mine"), body, headers.get("authorization")]),
      Array(4).fill(["POST", "kept", "amount=1", "Bearer low"]),
    );
  });

  test("leaves at once where its path is none of an API's", async () => {
    for (const pathPrefix of ["api", "/api", "/api/"]) {
      const stepup = make({ apis: [{ origin: "https://api.example", pathPrefix }] });
      for (const path of ["", "logout", "apis/x", "v1/ap"]) {
        const init = { method: "POST", keepalive: true };
        const sending = stepup.fetch(`https://api.example/${path}`, init);
        assert.equal(calls.at(-1)?.[1], init, path);
        await sending.catch(() => {});
      }
      const before = calls.length;
      stepup.clear();
      // Of this tick: the loader of the one before is there meanwhile.
      const late = make({ apis: [{ origin: "https://api.example", pathPrefix }] });
      for (const path of ["api", "api/", "api/x", "a/../api/x", "api?x"]) {
        const sending = late.fetch(`https://api.example/${path}`);
        assert.equal(calls.length, before, path);
        sending.catch(() => {});
      }
      late.clear();
      await started();
    }
  });

  test("an address is relative to what it was relative to at the call", async () => {
    stage.answers[`${APP}/account/x`] = () => new Response("here");
    const stepup = make({ apis: [APP] });
    const sending = stepup.fetch("x");
    Object.assign(document, { baseURI: `${APP}/other/` });
    assert.equal(await (await sending).text(), "here");
  });

  test("t51 a stream is still one, which is not sent twice", async () => {
    stage.answers[API] = () => challenge();
    const authenticate = async () => "high";
    const body = () => new ReadableStream({ start: (controller) => (controller.enqueue(new TextEncoder().encode("x")), controller.close()) });
    async function* chunks() {
      yield new TextEncoder().encode("x");
    }
    for (const one of [body(), chunks()]) {
      const error = await refusal(make({ authenticate }).fetch(API, /** @type {any} */ ({ method: "POST", duplex: "half", body: one })));
      assert.equal(error.code, "replay_unavailable");
      assert.equal(stage.to(API).at(-1)?.body, "x");
    }
  });

  test("t13 leaves at once and untouched where it is for somebody else", async () => {
    const stepup = make();
    for (const url of ["https://api.example.evil.test/", "https://evil.test/https://api.example/", "https://other.example/", "/own"]) {
      const init = { method: "POST" };
      const sending = stepup.fetch(url, init);
      assert.deepEqual([calls.at(-1)?.[0], calls.at(-1)?.[1] === init], [url, true]);
      await sending.catch(() => {});
    }
  });

  test("t13 is not taken for somebody else's, however its address is written", async () => {
    stage.answers["https://api.example/"] = () => new Response("done");
    const stepup = make();
    const urls = ["HTTPS://API.example", "\thttps://api.exa\nmple:443/", "https:\\\\api.example\\", "https://%61pi.example", "https://ａｐｉ.example"];
    // As a whole address and, in the end, without its scheme.
    await Promise.all([...urls, "//api.example", "/\t/api.example"].map((url) => stepup.fetch(url)));
    assert.equal(stage.to("https://api.example/").length, urls.length + 2);
    assert.ok(stage.sent.every(({ headers }) => headers.get("authorization") === "Bearer low"));
  });

  test("is told what is wrong with it, or with the options", async () => {
    const stepup = make();
    assert.ok((await refusal(stepup.fetch(API, { headers: { "no name": "" } }))) instanceof TypeError);
    assert.ok((await refusal(stepup.fetch("https://"))) instanceof TypeError);
    assert.equal((await stepup.fetch(API, /** @type {any} */ (null))).status, 200);
    for (const apis of [undefined, ["nonsense://"], ["https://api.example/path"]]) {
      const error = await refusal(make(/** @type {any} */ ({ apis })).fetch(API));
      assert.equal(error.code, "configuration_invalid", `${apis}`);
    }
  });

  test("passes through an install() of the same moment, and no more after its undo", async () => {
    const before = globalThis.fetch;
    const stepup = make();
    const undo = stepup.install();
    assert.equal(stepup.install(), undo);
    await fetch(API);
    assert.equal(stage.to(API)[0]?.headers.get("authorization"), "Bearer low");
    undo();
    assert.equal(fetch, before);
  });

  test("ends with the caller's own reason where it is aborted", async () => {
    stage.answers[API] = (_, signal) => (signal.throwIfAborted(), new Response("done"));
    const caller = new AbortController();
    const sending = refusal(make().fetch(API, { signal: caller.signal }));
    caller.abort("enough");
    assert.equal(await sending, "enough");
  });
});

suite("a loader that takes its time", () => {
  test("t55 an abort does not wait for it", async () => {
    const stepup = make();
    const caller = new AbortController();
    const sending = refusal(stepup.fetch(API, { signal: caller.signal }));
    caller.abort("enough");
    // A loader needs more than this.
    const first = await Promise.race([sending, started().then(() => "the loader")]);
    assert.equal(first, "enough");
    const before = refusal(stepup.fetch(API, { signal: AbortSignal.abort("before") }));
    assert.equal(await Promise.race([before, started().then(() => "the loader")]), "before");
    assert.deepEqual(stage.to(API), []);
  });
});

suite("clear() before the loader is there", () => {
  test("t67 ends what has not begun, and lets go on what comes after it", async () => {
    let user = "alice";
    const stepup = make({ session: () => ({ accessToken: user }) });
    const before = [stepup.fetch(API), stepup.ensure(), stepup.prepare({})].map(refusal);
    stepup.clear();
    user = "bob";
    const after = stepup.fetch(API);
    for (const error of await Promise.all(before)) assert.equal(error.code, "session_changed");
    await after;
    assert.deepEqual(stage.to(API).map(({ headers }) => headers.get("authorization")), ["Bearer bob"]);
    assert.deepEqual(stage.opened.map(({ closed }) => closed), [true]);
  });

  test("t67 the other tabs are told before it returns, and once", async (context) => {
    const name = `stepup ${ISSUER},app`;
    /** @type {unknown[]} */
    const heard = [];
    const channel = new BroadcastChannel(name);
    context.after(() => channel.close());
    channel.onmessage = ({ data }) => void heard.push(data.cleared);
    /** @type {Record<string, unknown>} */
    const stored = {};
    Object.defineProperty(globalThis, "localStorage", { value: stored, configurable: true });
    context.after(() => Reflect.deleteProperty(globalThis, "localStorage"));
    const stepup = make();
    stepup.clear();
    const early = Number(stored[name]);
    assert.ok(early > 0);
    await started();
    await until(() => heard.length);
    await new Promise((resolve) => setTimeout(resolve, 20));
    stepup.clear();
    const late = Number(stored[name]);
    assert.ok(late > early);
    await until(() => heard.length > 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    // By which they know it from what is written down.
    assert.deepEqual(heard, [early, late]);
  });
});

suite("ensure() in a click before the loader is there", () => {
  const PASSKEY = { options: OPTIONS, token: TOKEN };

  /** How many windows are open inside the call, and after the loader has come. @param {Partial<StepUpOptions>} options @param {any} [asked] */
  const windows = async (options, asked = { acr: "AL3" }) => {
    const stepup = make(options);
    const asking = [stepup.ensure(asked).catch(() => {}), stepup.ensure({ acr: "AL4", ...asked }).catch(() => {})];
    const atOnce = stage.opened.length;
    await started();
    const open = stage.opened.filter(({ closed }) => !closed).length;
    stepup.clear();
    await Promise.all(asking);
    assert.ok(stage.opened.every(({ closed }) => closed), "no window is left behind");
    stage.opened = [];
    return [atOnce, open];
  };

  test("opens one window at once, where the popup is the first method", async () => {
    assert.deepEqual(await windows({}), [1, 1]);
    assert.deepEqual(await windows({ methods: ["popup", "passkey"], passkey: PASSKEY }), [1, 1]);
    assert.deepEqual(await windows({ issuer: undefined, clientId: undefined, bff: { login: "/login" } }), [1, 1]);
    stage.activation.isActive = false;
    assert.deepEqual(await windows({}), [0, 0], "but not outside of a click");
  });

  test("leaves it to the loader, where another method may be the first", async () => {
    assert.deepEqual(await windows({ passkey: PASSKEY }), [0, 0]);
    assert.deepEqual(await windows({ firstPartyApps: true }), [0, 0]);
    const bff = { login: "/login", passkey: { options: "/options", verify: "/verify" } };
    assert.deepEqual(await windows({ issuer: undefined, clientId: undefined, bff }), [0, 0]);
    assert.deepEqual(await windows({ methods: ["redirect", "popup"] }), [0, 0]);
    assert.deepEqual(await windows({ authenticate: () => new Promise(() => {}) }), [0, 0]);
    assert.deepEqual(await windows({}, { methods: ["redirect"] }), [0, 0]);
    stage.passkeys(false);
    assert.deepEqual(await windows({ passkey: PASSKEY }), [0, 1], "the loader opens it then");
  });

  test("closes what turns out to be needless", async () => {
    const token = await idToken({ acr: "AL2", amr: ["pwd"], auth_time: Math.floor(Date.now() / 1000) });
    const session = () => ({ accessToken: "low", idToken: token });
    assert.deepEqual(await windows({ session }, { acr: "AL2" }), [1, 0]);
    assert.deepEqual(await windows({}, { acr: "AL3", signal: AbortSignal.abort() }), [1, 0]);
    assert.deepEqual(await windows({ methods: ["redirect", "popup"] }, { methods: ["popup", "redirect"] }), [1, 0]);
  });

  test("leaves none behind where what is asked, or the options, make no sense", async () => {
    for (const [options, asked] of /** @type {any[]} */ ([
      [{}, { acrValues: 3 }],
      [{}, { acr: {} }],
      [{ levels: [null] }, { acr: "AL3" }],
      [{ levels: "AL3" }, { acr: "AL3" }],
      [{ levels: 3 }, { acr: "AL3" }],
    ])) {
      const what = JSON.stringify([options, asked]);
      const error = await refusal(make(options).ensure(asked));
      assert.ok(options.levels ? error.code === "configuration_invalid" : error instanceof Error, `${what}: ${error}`);
      assert.deepEqual(stage.opened.map(({ closed }) => closed), [true], what);
      stage.opened = [];
    }
  });

  test("leaves it with the size of one that is opened later", async () => {
    const { open } = globalThis;
    /** @type {unknown[]} */
    const sizes = [];
    globalThis.open = /** @type {any} */ ((/** @type {[]} */ ...all) =>
      Object.assign(/** @type {any} */ (open(...all)), { resizeTo: (/** @type {unknown[]} */ ...to) => sizes.push(to) }));
    await windows({});
    assert.deepEqual(sizes, [[480, 720]]);
  });
});

suite("what else is asked before the loader is there", () => {
  test("an ensure() that says nothing asks for a step-up", async () => {
    for (const nothing of /** @type {any[]} */ ([undefined, null])) {
      const stepup = make({ authenticate: async () => "high" });
      await stepup.ensure(nothing);
      assert.equal(stepup.token(), "high");
    }
  });

  test("nothing is held, and nothing was awaited", async () => {
    const stepup = make();
    assert.deepEqual([stepup.token(), stepup.assurance], [undefined, undefined]);
    assert.equal(await stepup.resume(), null);
    await started();
    assert.deepEqual([stepup.token(), stepup.assurance], [undefined, undefined]);
  });

  test("a redirect that this page itself has begun is not taken up by it", async (context) => {
    /** @type {Map<string, string>} */
    const items = new Map();
    /** @type {Set<string>} */
    const looked = new Set();
    const getItem = (/** @type {string} */ key) => (looked.add(key), items.get(key) ?? null);
    const storage = { getItem, setItem: () => {}, removeItem: () => {} };
    Object.defineProperty(globalThis, "sessionStorage", { value: storage, configurable: true });
    context.after(() => Reflect.deleteProperty(globalThis, "sessionStorage"));
    const stepup = make();
    assert.equal(await stepup.resume(), null);
    await started();
    items.set("stepup:awaited", JSON.stringify({ state: "mine", returnTo: "/" }));
    assert.equal(await stepup.resume(), null);
    // A step-up of a test before may end now, and looks whether it was away.
    assert.deepEqual([...looked].filter((key) => key.startsWith("stepup:")), ["stepup:awaited"]);
  });
});

suite("a loader that cannot be loaded", () => {
  test("t68 lets requests pass without a token, tells everybody else, and is asked for again", async (context) => {
    const folder = await mkdtemp(join(tmpdir(), "stepup-early-"));
    context.after(() => rm(folder, { recursive: true, force: true }));
    for (const name of await readdir(packageFolder)) await cp(join(packageFolder, name), join(folder, name));
    await rename(join(folder, "loader.js"), join(folder, "away.js_"));
    /** @type {unknown[]} */
    const unheard = [];
    const hear = (/** @type {unknown} */ reason) => void unheard.push(reason);
    process.on("unhandledRejection", hear);
    context.after(() => process.off("unhandledRejection", hear));
    /** @type {typeof import("../../src/js/index.d.ts")} */
    const sdk = await import(pathToFileURL(join(folder, "node.js")).href);
    const stepup = stage.watch(sdk.createStepUp(about()));
    const body = new URLSearchParams("a=1");
    const [plain, left] = [stepup.fetch(API, { method: "POST", body }), refusal(stepup.ensure())];
    body.set("a", "2");
    assert.equal(await (await plain).text(), "done");
    assert.deepEqual(stage.to(API).map(({ body, headers }) => [body, headers.get("authorization")]), [["a=1", null]]);
    assert.equal((await left).code, "wasm_unavailable");
    assert.deepEqual(stage.opened.map(({ closed }) => closed), [true]);
    for (const asking of [stepup.preload(), stepup.prepare({}), sdk.parseChallenges("Bearer"), sdk.passkey.capabilities()])
      assert.equal((await refusal(asking)).code, "wasm_unavailable");
    const gone = refusal(stepup.fetch(API));
    stepup.clear();
    assert.equal((await gone).code, "session_changed");
    assert.equal(stage.to(API).length, 1, "what was somebody else's is not sent at all");
    await rename(join(folder, "away.js_"), join(folder, "loader.js"));
    const end = refusal(stepup.ensure());
    assert.deepEqual(stage.opened.map(({ closed }) => closed), [true, false], "a window of its own for the next click");
    await stepup.fetch(API);
    assert.equal(stage.to(API)[1]?.headers.get("authorization"), "Bearer low");
    stepup.clear();
    await end;
    assert.deepEqual(unheard, []);
  });
});
