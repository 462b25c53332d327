/** Challenges that point to the metadata of their API (RFC 9728). */

import assert from "node:assert/strict";
import { beforeEach, suite, test } from "node:test";

import { ISSUER, OPTIONS, TOKEN, provider } from "./issuer.js";
import { Stage, built, challenge, json, never, refusal } from "./stage.js";

/** @type {typeof import("../../src/js/index.d.ts")} */
const { createStepUp } = await import(built);

const API = "https://api.example/v1/transfers";
const META = "https://api.example/.well-known/oauth-protected-resource";

/** @type {Stage} */
let stage;
/** Where the API's challenges point to. */
let place = META;

const demand = () => challenge("AL3", {}, `, resource_metadata="${place}"`);

beforeEach(() => {
  stage = new Stage();
  place = META;
  stage.answers = {
    ...provider(),
    [API]: ({ headers }) => (headers.get("authorization") === "Bearer high" ? new Response("done") : demand()),
    [META]: () => json({ resource: "https://api.example", authorization_servers: ["https://other.example", ISSUER] }),
  };
});

/** @param {Partial<import("../../src/js/index.d.ts").StepUpOptions>} [options] */
const make = (options) =>
  stage.watch(
    createStepUp({
      apis: ["https://api.example"],
      issuer: ISSUER,
      clientId: "app",
      session: () => ({ accessToken: "low", sub: "alice" }),
      passkey: { options: OPTIONS, token: TOKEN },
      methods: ["passkey"],
      gate: false,
      promptTimeout: 10,
      ...options,
    }),
  );

const diagnosed = () => stage.events.filter(({ type }) => type === "diagnostic").map(({ detail }) => detail.code);

suite("the metadata that a challenge points to", () => {
  test("is read once, with nothing that says who asks", async () => {
    const stepup = make();
    const answers = await Promise.all([stepup.fetch(API), stepup.fetch(API)]);
    assert.ok(answers.every(({ ok }) => ok));
    await stepup.fetch(API, { method: "POST", stepup: { tag: "later" } });
    assert.equal(stage.to(META).length, 1);
    const [{ headers, credentials, redirect } = assert.fail("nothing was read")] = stage.to(META);
    assert.deepEqual([headers.get("authorization"), credentials, redirect], [null, "omit", "error"]);
    const told = stage.events.find(({ detail }) => detail.target === "resource_metadata")?.detail;
    assert.deepEqual([told.method, told.url, told.status], ["GET", META, 200]);
    assert.deepEqual(stage.warnings, []);
  });

  test("t19 is not looked up elsewhere, and nobody is asked", async () => {
    for (place of ["https://evil.example/m", "https://api.example.evil.test/m", "http://api.example/m", "https://10.0.0.1/m", "/m"]) {
      const error = await refusal(make().fetch(API));
      assert.deepEqual([error.code, error.response.status], ["resource_mismatch", 401], place);
      assert.equal(error.response.bodyUsed, false);
    }
    assert.equal(stage.sent.length, 5);
    assert.deepEqual(stage.ceremonies, []);
  });

  test("t19 that is of another resource, or names other providers only, ends it", async () => {
    for (const wrong of [
      { resource: "https://evil.example" },
      { resource: "https://api.example/v2" },
      { resource: "https://api.example/v" },
      { resource: "https://api.example", authorization_servers: ["https://evil.example"] },
      { resource: "https://api.example", authorization_servers: "https://login.example" },
      {},
      [],
    ]) {
      stage.answers[META] = () => json(wrong);
      assert.equal((await refusal(make().fetch(API))).code, "resource_mismatch", JSON.stringify(wrong));
    }
    assert.deepEqual(stage.ceremonies, []);
    // Somebody else's tokens are no business of a provider that is not there.
    stage.answers[META] = () => json({ resource: "https://api.example", authorization_servers: ["https://evil.example"] });
    const own = make({ issuer: undefined, passkey: undefined, methods: undefined, authenticate: async () => "high" });
    assert.equal((await own.fetch(API)).status, 200);
  });

  test("t19 never changes where the user is sent, and its text goes nowhere", async () => {
    stage.answers[META] = () =>
      json({ resource: "https://api.example", authorization_servers: [ISSUER], jwks_uri: "https://evil.example/keys", resource_name: "MARKED" });
    await make().fetch(API);
    assert.ok(stage.sent.every(({ url }) => !url.includes("evil")));
    assert.doesNotMatch(JSON.stringify(stage.events) + stage.sent.map(({ body }) => body), /MARKED/);
  });

  test("that cannot be read changes nothing, and is named", async () => {
    for (const answer of [
      () => new Response("<p>", { headers: { "content-type": "text/html" } }),
      () => json({ resource: "https://evil.example" }, 404),
      () => Promise.reject(new TypeError("CORS")),
      () => json(/** @type {any} */ ("text")),
    ]) {
      stage.answers[META] = /** @type {any} */ (answer);
      assert.equal((await make().fetch(API)).status, 200);
    }
    assert.deepEqual(new Set(diagnosed()), new Set(["resource_metadata_unreadable"]));
  });

  test("that never comes is not waited for any longer than a request may take", async () => {
    const { describer } = await import(new URL("described.js", built).href);
    /** @type {string[]} */
    const told = [];
    const client = { metadata_url: () => META, described: () => assert.fail("there is nothing to look at") };
    const native = (/** @type {string} */ _, /** @type {any} */ { signal }) => never(/** @type {any} */ ({}), signal);
    const describe = describer({
      client, native, limit: 5, enter: (/** @type {() => unknown} */ run) => run(),
      emit: (/** @type {string} */ type) => told.push(type), diagnose: (/** @type {string} */ code) => told.push(code),
    });
    await describe({ url: API }, "");
    assert.deepEqual(told, ["request", "resource_metadata_unreadable"]);
  });

  test("is looked at again when the request is challenged again", async () => {
    stage.answers[API] = ({ headers }) => {
      place = headers.get("authorization") === "Bearer high" ? "https://evil.example/m" : META;
      return demand();
    };
    const error = await refusal(make().fetch(API));
    assert.equal(error.code, "resource_mismatch");
    assert.equal(stage.to(API).length, 2);
  });

  test("of an answer that is no challenge is nobody's business", async () => {
    for (const status of [400, 418, 500]) {
      stage.answers[API] = () => new Response(null, { status, headers: demand().headers });
      assert.equal((await make({ apis: [{ origin: "https://api.example", detect: () => null }] }).fetch(API)).status, status);
    }
    // Neither is what a request gets that was sent again.
    const { headers } = challenge("AL3", {}, ', resource_metadata="https://evil.example/m"');
    stage.answers[API] = (sent) =>
      sent.headers.get("authorization") === "Bearer high" ? new Response(null, { status: 500, headers }) : challenge();
    assert.equal((await make().fetch(API)).status, 500);
    const header = { "www-authenticate": `Bearer error="invalid_token", resource_metadata="https://evil.example/m"` };
    stage.answers[API] = () => new Response(null, { status: 401, headers: header });
    assert.equal((await make().fetch(API)).status, 401);
    assert.deepEqual(stage.to(META), []);
  });

  test("t55 is not waited for by who has given up", async () => {
    stage.answers[META] = never;
    const caller = new AbortController();
    const sending = refusal(make().fetch(API, { signal: caller.signal }));
    const { [META]: hangs } = stage.answers;
    stage.answers[META] = (...all) => {
      setTimeout(() => caller.abort("changed my mind"));
      return /** @type {any} */ (hangs)(...all);
    };
    assert.equal(await sending, "changed my mind");
    assert.deepEqual(stage.ceremonies, []);
  });
});
