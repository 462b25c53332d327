/** Where a token may go: the exact origin, a path below the prefix, over https or to this machine, each time. */

import assert from "node:assert/strict";
import { beforeEach, suite, test } from "node:test";

import { Stage, built, challenge, json, refusal } from "./stage.js";

/** @type {typeof import("../../src/js/index.d.ts")} */
const { createStepUp } = await import(built);

/** @type {Stage} */
let stage;

beforeEach(() => {
  stage = new Stage();
  globalThis.fetch = async (input, init) => {
    // As a browser does, which knows what is relative to what, and sends nothing to a URL with credentials.
    const address = input instanceof Request ? input : new URL(input, document.baseURI);
    const { url, headers, redirect } = new Request(address, init);
    stage.sent.push(/** @type {any} */ ({ url, headers, redirect }));
    return Object.defineProperty(new Response("fine"), "url", { value: url });
  };
});

/** @param {import("../../src/js/index.d.ts").StepUpOptions["apis"]} apis */
const make = (apis) => createStepUp({ apis, session: () => ({ accessToken: "low" }), authenticate: async () => "high" });

/** Whether a request that is sent there carries the token. @param {import("../../src/js/index.d.ts").StepUp} stepup @param {string} url */
const carries = async (stepup, url) => {
  stage.sent = [];
  const outcome = await stepup.fetch(url).then(() => "sent", ({ name, code }) => code ?? name);
  assert.ok(stage.sent.length === (outcome === "sent" ? 1 : 0), url);
  return outcome === "sent" ? !!stage.sent[0]?.headers.get("authorization") : outcome;
};

suite("an origin", () => {
  /** @type {[string, boolean | string][]} */
  const URLS = [
    ["https://api.example/x", true],
    ["https://API.Example/x", true],
    ["HTTPS://api.example:443/x", true],
    ["https:api.example/x", false],
    ["https:\\\\api.example\\x", true],
    ["https://api.example\\@evil.test/x", true],
    ["https://a\tpi.example/x", true],
    ["https://api.example./x", false],
    ["https://api.example.evil.test/x", false],
    ["https://api.example:8443/x", false],
    ["https://api.example@evil.test/x", "TypeError"],
    ["https://api.example%2f@evil.test/x", "TypeError"],
    ["https://user:secret@api.example/x", "TypeError"],
    ["https://evil.test/https://api.example/x", false],
    ["https://evil.test\\.api.example/x", false],
    ["https://evil.test#@api.example/x", false],
    ["http://api.example/x", false],
    ["//api.example/x", true],
    ["//evil.test/x", false],
    ["/x", false],
    // The same letters to the eye: the first is Cyrillic.
    ["https://\u0430pi.example/x", false],
    // The same letters to the browser (UTS 46).
    ["https://ａｐｉ.example/x", true],
    ["https://api\u3002example/x", true],
    ["https://api.ex\u00adample/x", true],
  ];
  for (const [url, expected] of URLS)
    test(`t14 ${JSON.stringify(url)} ${expected === true ? "is" : "is not"} the API`, async () => {
      assert.equal(await carries(make(["https://api.example"]), url), expected);
      // Where it went is where it was taken to go.
      if (expected === true) assert.equal(new URL(stage.sent[0]?.url ?? "").origin, "https://api.example");
    });

  test("t14 of another alphabet is the one that the browser makes of it, whichever way it is written", async () => {
    for (const origin of ["https://bücher.example", "https://BÜCHER.example", "https://xn--bcher-kva.example:443/"])
      for (const url of ["https://bücher.example/x", "https://xn--bcher-kva.example/x"])
        assert.equal(await carries(make([origin]), url), true, `${origin} ${url}`);
    assert.equal(await carries(make(["https://bücher.example"]), "https://bucher.example/x"), false);
  });

  test("t14 over http is this very machine, or refused before anything is sent", async () => {
    const machine = ["http://localhost:8080", "http://a.localhost:8080", "http://127.0.0.1:8080", "http://127.9.9.9", "http://[::1]:8080"];
    for (const origin of machine) assert.equal(await carries(make([origin]), `${origin}/x`), true, origin);
    const others = ["http://api.example", "http://localhost.evil.test", "http://evillocalhost", "http://127.0.0.1.evil.test", "http://[::2]", "http://0.0.0.0", "http://192.168.0.1", "http://localhost."];
    for (const origin of others)
      assert.equal(await carries(make([origin]), `${origin}/x`), "origin_not_allowed", origin);
  });
});

suite("a prefix", () => {
  /** @type {[string, boolean][]} */
  const PATHS = [
    ["/v1", true],
    ["/v1/", true],
    ["/v1/transfers", true],
    ["/v1?x=1", true],
    ["/v1/a/../b", true],
    ["/other/../v1/b", true],
    ["/v1/..a/b..", true],
    ["/v1/a%2Fb", true],
    ["/v1/a?next=/..%2fb", true],
    ["/v10/transfers", false],
    ["/V1/transfers", false],
    ["/v1%2Ftransfers", false],
    ["/%76%31/transfers", false],
    ["//v1/transfers", false],
    ["/v1/../admin", false],
    ["/v1/..", false],
    ["/v1/%2e%2e/admin", false],
    ["/v1/.%2E/admin", false],
    ["/v1/..\\admin", false],
    ["/v1\\..\\admin", false],
    ["/v1/.\t./admin", false],
    ["/v1/..%2fadmin", false],
    ["/v1/%2e%2e%2Fadmin", false],
    ["/v1/a%2f..%2f..%2fadmin", false],
    ["/v1/..%5cadmin", false],
    ["/v1/..;/admin", false],
    ["/v1/..;a=b/admin", false],
  ];
  for (const [path, expected] of PATHS)
    test(`t14 of /v1: ${JSON.stringify(path)} ${expected ? "is" : "is not"} below it`, async () => {
      for (const pathPrefix of ["/v1", "v1/", "/v1/"])
        assert.equal(await carries(make([{ origin: "https://api.example", pathPrefix }]), `https://api.example${path}`), expected);
    });
});

suite("each send", () => {
  test("t14 of an API in the clear is refused also where the token is another's", async () => {
    const stepup = createStepUp({ apis: ["http://api.example"], authenticate: async () => "high" });
    const error = await refusal(stepup.fetch("http://api.example/x", { headers: { authorization: "Bearer own" } }));
    assert.equal(error.code, "origin_not_allowed");
    assert.deepEqual(stage.sent, []);
  });

  test("t14 follows no redirect with a token, and follows it where there is none", async () => {
    const stepup = make(["https://api.example", { origin: "https://b.example", redirects: "same-origin" }]);
    await stepup.fetch("https://api.example/x");
    await stepup.fetch("https://b.example/x");
    await stepup.fetch("https://api.example/x", { redirect: "error" });
    await make(["https://c.example"]).fetch("https://api.example/x");
    const anonymous = createStepUp({ apis: ["https://api.example"], authenticate: async () => "high" });
    await anonymous.fetch("https://api.example/x");
    assert.deepEqual(stage.sent.map(({ redirect }) => redirect), ["manual", "follow", "error", "follow", "follow"]);
  });

  test("t14 an answer that would lead on is refused, whether the first or one after a step-up", async () => {
    const led = new Response(null, { status: 200 });
    Object.defineProperty(led, "type", { value: "opaqueredirect" });
    let left = 0;
    globalThis.fetch = async (_, init) => {
      left += 1;
      return new Headers(init?.headers).get("authorization") === "Bearer high" ? led : challenge("AL3");
    };
    const error = await refusal(make(["https://api.example"]).fetch("https://api.example/x"));
    assert.deepEqual([error.code, left], ["origin_not_allowed", 2]);
    globalThis.fetch = async () => led;
    const first = await refusal(make(["https://api.example"]).fetch("https://api.example/x"));
    assert.equal(first.code, "origin_not_allowed");
  });

  test("t14 a proof or a header against forged requests follows nowhere, whoever has written it", async () => {
    /** @type {(string | undefined)[]} */
    const seen = [];
    globalThis.fetch = async (_, init) => {
      seen.push(init?.redirect);
      return Object.defineProperty(json({}), "url", { value: "https://api.example/x" });
    };
    const apis = [{ origin: "https://api.example", redirects: /** @type {const} */ ("same-origin") }];
    const stepup = createStepUp({ apis, authenticate: async () => "high" });
    for (const headers of [{ Authorization: "Bearer own" }, { Authorization: "DPoP own", DPoP: "proof" }])
      await stepup.fetch("https://api.example/x", { headers: /** @type {any} */ (headers) });
    assert.deepEqual(seen, ["follow", "manual"]);
  });

  test("t14 where the app lets them follow, one that has left the origin is refused", async () => {
    const away = json({});
    Object.defineProperties(away, { redirected: { value: true }, url: { value: "https://evil.test/x" } });
    globalThis.fetch = async () => away;
    const stepup = make([{ origin: "https://api.example", redirects: "same-origin" }]);
    assert.equal((await refusal(stepup.fetch("https://api.example/x"))).code, "origin_not_allowed");
  });
});
