/** Tokens that are bound to a key: what each request proves, and what a server without proofs gets. */

import assert from "node:assert/strict";
import { beforeEach, suite, test } from "node:test";

import { BY_PASSKEY, OPTIONS, TOKEN, provider, tokens } from "./issuer.js";
import { shown, strict } from "./possession.js";
import { Stage, built, challenge, json, refusal } from "./stage.js";

/** @type {typeof import("../../src/js/index.d.ts")} */
const { createStepUp } = await import(built);

const API = "https://api.example/transfers";

/** @typedef {import("./stage.js").Sent} Sent */

/** @type {Stage} */
let stage;

/** @param {Sent} sent @param {object} [more] */
const bound = ({ body }, more) =>
  tokens({ nonce: new URLSearchParams(body).get("nonce") }, { token_type: "DPoP", ...more });

const wantsNonce = () =>
  new Response(null, { status: 401, headers: { "www-authenticate": 'DPoP error="use_dpop_nonce"' } });

/** What is digested from now on. */
const digests = () => {
  const { subtle } = crypto;
  const real = subtle.digest.bind(subtle);
  /** @type {string[]} */
  const texts = [];
  /** @type {SubtleCrypto["digest"]} */
  const value = (algorithm, data) => {
    texts.push(new TextDecoder().decode(data));
    return real(algorithm, data);
  };
  Object.defineProperty(subtle, "digest", { value, configurable: true });
  return {
    end: () => {
      delete (/** @type {any} */ (subtle).digest);
      return texts;
    },
  };
};

beforeEach(() => {
  stage = new Stage();
  stage.answers = {
    ...provider(),
    [TOKEN]: (sent) => bound(sent),
    [API]: ({ headers }) => (headers.get("authorization") === "DPoP high" ? new Response("done") : challenge()),
  };
});

/** @param {Partial<import("../../src/js/index.d.ts").StepUpOptions>} [options] */
const make = (options) =>
  stage.watch(
    createStepUp({
      ...BY_PASSKEY,
      promptTimeout: 10,
      dpop: true,
      ...options,
    }),
  );

const authorizations = () => stage.to(API).map(({ headers }) => headers.get("authorization"));
const proofs = async (/** @type {string} */ address) => Promise.all(stage.to(address).filter(({ headers }) => headers.has("dpop")).map(shown));
const diagnosed = () => stage.events.filter(({ type }) => type === "diagnostic").map(({ detail }) => detail.code);

suite("each send proves anew that the key is held", () => {
  test("t56 at the token endpoint and at the API, with one key", async () => {
    const stepup = make();
    assert.equal((await stepup.fetch(`${API}?to=bob#top`, { method: "POST", body: "1" })).status, 200);
    assert.equal((await stepup.fetch(API)).status, 200);
    assert.deepEqual(authorizations(), ["Bearer low", "DPoP high", "DPoP high"]);
    assert.equal(stage.to(API)[0]?.headers.has("dpop"), false, "the session's own token is the app's business");
    const all = [...(await proofs(TOKEN)), ...(await proofs(API))];
    assert.equal(all.length, 3);
    assert.equal(new Set(all.map(({ jkt }) => jkt)).size, 1);
    assert.equal(new Set(all.map(({ claims }) => claims.jti)).size, 3);
    assert.deepEqual(all.map(({ claims }) => !!claims.ath), [false, true, true]);
    // Only what gives tokens is asked with a proof.
    assert.equal(stage.to(OPTIONS)[0]?.headers.has("dpop"), false);
  });

  test("t56 and takes the place of what the caller has proved for another token", async () => {
    const headers = { Authorization: "DPoP mine", DPoP: "mine", "X-Own": "kept" };
    const stepup = make({ session: () => ({ sub: "alice" }) });
    await stepup.fetch(API, { headers });
    const [first, second] = stage.to(API);
    assert.deepEqual([first?.headers.get("authorization"), first?.headers.get("dpop")], ["DPoP mine", "mine"]);
    assert.equal(second?.headers.get("authorization"), "DPoP high");
    assert.equal(second?.headers.get("x-own"), "kept");
    assert.ok(second && (await shown(second)));
    // A Bearer token goes without.
    stage.answers[TOKEN] = (sent) => bound(sent, { token_type: "Bearer" });
    stage.answers[API] = ({ headers }) => (headers.get("authorization") === "Bearer high" ? new Response() : challenge());
    assert.equal((await make({ dpop: false }).fetch(API, { headers })).status, 200);
    assert.equal(stage.to(API).at(-1)?.headers.has("dpop"), false);
  });

  test("t56 by the method that is on the wire", async () => {
    const stepup = make();
    for (const method of ["post", "patch", "PATCH", "Options", "reset", "DELETE"]) await stepup.fetch(API, { method });
    await stepup.fetch(API, {});
    for (const method of ["put", "patch"]) await stepup.fetch(new Request(API, { method }));
    const methods = (await proofs(API)).map(({ claims }) => claims.htm);
    assert.deepEqual(methods, ["POST", "patch", "PATCH", "OPTIONS", "reset", "DELETE", "GET", "PUT", "patch"]);
    assert.deepEqual(stage.to(API).filter(({ headers }) => headers.has("dpop")).map(({ method }) => method), methods);
  });

  test("t56 with the digest of the very token that goes along, which is made once for each", async () => {
    let given = 0;
    stage.answers[TOKEN] = (sent) => bound(sent, { access_token: `high-${(given += 1)}` });
    stage.answers[API] = () => new Response();
    // Both have the same key.
    const [one, other] = [make(), make()];
    for (const stepup of [one, other]) await stepup.ensure({ acr: "AL3" });
    const digested = digests();
    for (const stepup of [one, other, one, other]) await stepup.fetch(API);
    assert.deepEqual(digested.end(), ["high-1", "high-2"]);
    one.clear();
    await one.ensure({ acr: "AL3" });
    await one.fetch(API);
    assert.deepEqual(authorizations(), ["high-1", "high-2", "high-1", "high-2", "high-3"].map((token) => `DPoP ${token}`));
    const aths = (await proofs(API)).map(({ claims }) => claims.ath);
    assert.equal(new Set(aths).size, 3);
  });
});

suite("a nonce that a server wants", () => {
  test("is learned from the challenge already", async () => {
    stage.answers[API] = async (sent) => {
      if (!sent.headers.has("dpop")) {
        const response = challenge();
        response.headers.set("dpop-nonce", "n1");
        return response;
      }
      const { claims } = await shown(sent);
      return claims.nonce === "n1" ? new Response("done") : new Response("", { status: 400 });
    };
    const stepup = make();
    assert.equal((await stepup.fetch(API)).status, 200);
    assert.equal(stage.to(API).length, 2);
  });

  test("t11 is taken from whatever answer, and asked for apart from step-up", async () => {
    const token = strict("login", () => json({ error: "use_dpop_nonce" }, 400));
    const api = strict("api", wantsNonce);
    stage.answers[TOKEN] = token((sent) => bound(sent));
    const answer = api(() => new Response("done"));
    stage.answers[API] = (sent, signal) =>
      sent.headers.get("authorization") === "DPoP high" ? answer(sent, signal) : challenge();
    const stepup = make({ maxRounds: 1 });
    const response = await stepup.fetch(API, { method: "POST", body: "amount=1" });
    assert.equal(await response.text(), "done");
    const given = async (/** @type {string} */ address) => (await proofs(address)).map(({ claims }) => claims.nonce);
    assert.deepEqual(await given(TOKEN), [undefined, "login-1"]);
    assert.deepEqual(await given(API), [undefined, "api-1"]);
    assert.deepEqual(stage.to(API).map(({ body }) => body), ["amount=1", "amount=1", "amount=1"]);
    // The 200 brought the next one.
    await stepup.fetch(API);
    assert.deepEqual(await given(API), [undefined, "api-1", "api-2"]);
    const targets = stage.events.filter(({ type }) => type === "request").map(({ detail }) => [detail.target, detail.status]);
    assert.deepEqual(targets.filter(([target]) => target === "passkey_token"), [["passkey_token", 400], ["passkey_token", 200]]);
    assert.equal(stage.ceremonies.length, 1);
  });

  test("t11 and is given in vain is asked for once", async () => {
    stage.answers[TOKEN] = () => {
      const response = json({ error: "use_dpop_nonce" }, 400);
      response.headers.set("dpop-nonce", "n");
      return response;
    };
    assert.equal((await refusal(make().fetch(API))).code, "token_refused");
    assert.equal(stage.to(TOKEN).length, 2);
    stage.answers[TOKEN] = (sent) => bound(sent);
    stage.answers[API] = ({ headers }) => {
      const response = headers.has("dpop") ? wantsNonce() : challenge();
      response.headers.set("dpop-nonce", "n");
      return response;
    };
    stage.sent.length = 0;
    const response = await make().fetch(API);
    assert.equal(response.headers.get("www-authenticate"), 'DPoP error="use_dpop_nonce"');
    assert.deepEqual(authorizations(), ["Bearer low", "DPoP high", "DPoP high"]);
  });

  test("and cannot be read is named, and the answer passes as it is", async () => {
    stage.answers[API] = ({ headers }) => (headers.has("dpop") ? wantsNonce() : challenge());
    const response = await make().fetch(API);
    assert.equal(response.status, 401);
    assert.deepEqual(authorizations(), ["Bearer low", "DPoP high"]);
    assert.deepEqual(diagnosed(), ["nonce_unreadable"]);
    assert.match(stage.warnings.join(), /https:\/\/api\.example wants .* Access-Control-Expose-Headers/);
  });

  test("t51 does not send a stream twice, and is known the next time", async () => {
    const answer = strict("api", wantsNonce)(() => new Response("done"));
    const stepup = make();
    await stepup.ensure({ acr: "AL3" });
    stage.answers[API] = answer;
    const stream = () => /** @type {RequestInit} */ ({
      method: "POST", duplex: "half", body: new ReadableStream({ start: (controller) => controller.close() }),
    });
    const error = await refusal(stepup.fetch(API, stream()));
    assert.deepEqual([error.code, error.response.status], ["replay_unavailable", 401]);
    assert.equal((await stepup.fetch(API, stream())).status, 200);
    assert.deepEqual(authorizations(), ["DPoP high", "DPoP high"]);
  });
});

test("t10 a Bearer token where a bound one was required is refused, and nothing is sent with it", async () => {
  stage.answers[TOKEN] = (sent) => bound(sent, { token_type: "bearer" });
  const stepup = make();
  const error = await refusal(stepup.fetch(API));
  assert.deepEqual([error.code, error.response.status], ["downgrade_refused", 401]);
  assert.equal(stepup.token(), undefined);
  assert.deepEqual(authorizations(), ["Bearer low"]);
  // The other way round: who wants none of it takes none.
  stage.answers[TOKEN] = (sent) => bound(sent);
  assert.equal((await refusal(make({ dpop: false }).fetch(API))).code, "token_refused");
});

test("t14 a request with a proof follows no redirect, wherever it leads", async () => {
  const apis = [{ origin: "https://api.example", redirects: /** @type {const} */ ("same-origin") }];
  // Node's fetch tells where an answer is from only if it has sent the request itself.
  const from = (/** @type {Response} */ response) => Object.defineProperty(response, "url", { value: API });
  const { [API]: answer } = stage.answers;
  stage.answers[API] = async (...all) => from(await /** @type {any} */ (answer)(...all));
  const stepup = make({ apis });
  await stepup.fetch(API);
  assert.deepEqual(stage.to(API).map(({ redirect }) => redirect), ["follow", "manual"]);
  stage.answers[API] = () => Object.defineProperty(new Response(), "type", { value: "opaqueredirect" });
  assert.equal((await refusal(stepup.fetch(API))).code, "origin_not_allowed");
});

test("a backend or an own authenticate cannot have tokens bound", async () => {
  const bff = { passkey: { verify: "/verify" } };
  for (const more of [{ bff }, { authenticate: async () => "high" }])
    assert.equal((await refusal(make(more).ensure())).code, "configuration_invalid");
});

/** Signatures take as long as they are told to: the first the longest. */
const slowly = () => {
  const { subtle } = crypto;
  const real = subtle.sign.bind(subtle);
  let wait = 40;
  const sign = async (/** @type {Parameters<SubtleCrypto["sign"]>} */ ...all) => {
    const time = (wait = Math.max(0, wait - 10));
    const signed = await real(...all);
    await new Promise((resolve) => setTimeout(resolve, time));
    return signed;
  };
  Object.defineProperty(subtle, "sign", { value: sign, configurable: true });
  return () => void delete (/** @type {any} */ (subtle).sign);
};

suite("while proofs are signed,", () => {
  test("requests leave in the order of their calls", async () => {
    const stepup = make();
    await stepup.ensure({ acr: "AL3" });
    const undo = slowly();
    const urls = ["1", "2", "3", "4", "5"].map((name) => `${API}?${name}`);
    await Promise.all(urls.map((url) => stepup.fetch(url))).finally(undo);
    assert.deepEqual(stage.to(API).map(({ url }) => url), urls);
  });

  test("t55 the caller's abort rejects with its reason, and nothing is answered", async () => {
    const stepup = make();
    await stepup.ensure({ acr: "AL3" });
    const undo = slowly();
    const caller = new AbortController();
    let answered = 0;
    stage.answers[API] = (_, signal) => {
      signal.throwIfAborted();
      answered += 1;
      return new Response();
    };
    const sending = refusal(stepup.fetch(API, { signal: caller.signal }));
    caller.abort("changed my mind");
    assert.equal(await sending.finally(undo), "changed my mind");
    assert.equal(answered, 0);
    assert.equal((await stepup.fetch(API)).status, 200, "and the next one is not held up");
  });

  test("t67 clear() keeps what has not left from leaving", async () => {
    const stepup = make();
    await stepup.ensure({ acr: "AL3" });
    const undo = slowly();
    const sending = refusal(stepup.fetch(API));
    stepup.clear();
    assert.equal((await sending.finally(undo)).code, "session_changed");
    assert.deepEqual(stage.to(API), []);
  });
});

test("t66 without storage the key lives as long as the page, and clear() ends it", async () => {
  assert.equal(globalThis.indexedDB, undefined);
  const stepup = make();
  const key = async () => (await proofs(TOKEN)).at(-1)?.jkt;
  await stepup.ensure({ acr: "AL3" });
  const first = await key();
  await stepup.ensure({ acr: "AL3", maxAge: 0, scope: "more" }).catch(() => {});
  assert.equal(stage.to(TOKEN).length, 2);
  assert.equal(await key(), first);
  stepup.clear();
  await stepup.ensure({ acr: "AL3" });
  assert.equal(stage.to(TOKEN).length, 3);
  assert.notEqual(await key(), first);
});
