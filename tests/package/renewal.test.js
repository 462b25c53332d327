/** Tokens that an API refuses are renewed: what is sent, by whom, and what the caller gets. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, suite, test } from "node:test";

import { ISSUER, OPTIONS, TOKEN, idToken, provider, tokens } from "./issuer.js";
import { Asking, Stage, built, challenge, json, never, refusal, until } from "./stage.js";

/** @type {typeof import("../../src/js/index.d.ts")} */
const { createStepUp } = await import(built);

const API = "https://api.example/transfers";
const RENEW = `${ISSUER}/token`;

suite("renewal", () => {
  /** @type {Stage} */
  let stage;
  /** Tokens that the API takes. @type {Set<string>} */
  let valid;
  /** How many were given by a passkey, and by a refresh token. */
  let given = { passkey: 0, renewed: 0 };
  /** The nonce of the last authentication. @type {string | null} */
  let nonce;
  /** What a clock says besides the truth, in milliseconds. */
  const off = { time: 0, steady: 0 };
  const now = Date.now;
  const steady = performance.now.bind(performance);

  beforeEach(() => {
    stage = new Stage();
    valid = new Set();
    given = { passkey: 0, renewed: 0 };
    Object.assign(off, { time: 0, steady: 0 });
    Date.now = () => now() + off.time;
    performance.now = () => steady() + off.steady;
    stage.answers = {
      ...provider(),
      [API]: ({ headers }) => {
        const token = headers.get("authorization")?.replace("Bearer ", "") ?? "";
        if (token === "low") return challenge("AL3");
        return valid.has(token) ? new Response("done") : invalid(token);
      },
      [TOKEN]: ({ body }) => {
        nonce = new URLSearchParams(body).get("nonce");
        const n = (given.passkey += 1);
        valid.add(`high-${n}`);
        return tokens({ nonce }, { access_token: `high-${n}`, refresh_token: `refresh-${n}` });
      },
      [RENEW]: () => {
        const n = (given.renewed += 1);
        valid.add(`renewed-${n}`);
        return json({ access_token: `renewed-${n}`, token_type: "Bearer", refresh_token: `rotated-${n}` });
      },
    };
  });
  afterEach(() => {
    Date.now = now;
    performance.now = steady;
  });

  /** RFC 6750 §3.1. @param {string} [body] */
  const invalid = (body = "") =>
    new Response(body, { status: 401, headers: { "www-authenticate": 'Bearer realm="bank", error="invalid_token"' } });

  /** @param {Partial<import("../../src/js/index.d.ts").StepUpOptions>} [options] */
  const make = (options) =>
    stage.watch(
      createStepUp({
        apis: ["https://api.example"],
        issuer: ISSUER,
        clientId: "app",
        redirectUri: "/stepup/callback.html",
        session: () => ({ accessToken: "low", sub: "alice", scope: "openid" }),
        passkey: { options: OPTIONS, token: TOKEN },
        gate: new Asking().option,
        promptTimeout: 10,
        renew: true,
        ...options,
      }),
    );

  /** One who has stepped up. @param {Partial<import("../../src/js/index.d.ts").StepUpOptions>} [options] */
  const raised = async (options) => {
    const stepup = make(options);
    assert.equal(await (await stepup.fetch(API)).text(), "done");
    stage.sent.length = 0;
    stage.events.length = 0;
    return stepup;
  };

  const carried = () => stage.to(API).map(({ headers }) => headers.get("authorization"));
  const forms = () => stage.to(RENEW).map(({ body }) => Object.fromEntries(new URLSearchParams(body)));
  const form = (/** @type {string} */ refresh_token) => ({ grant_type: "refresh_token", refresh_token, client_id: "app" });

  test("t65 requests that are refused together are renewed by one request, and each is sent once more", async () => {
    const stepup = await raised();
    valid.clear();
    const sending = ["a", "b", "c"].map((body) => stepup.fetch(API, { method: "POST", body }));
    for (const response of await Promise.all(sending)) assert.equal(await response.text(), "done");
    assert.deepEqual(forms(), [form("refresh-1")]);
    const [{ headers, credentials, redirect, method }] = /** @type {[any]} */ (stage.to(RENEW));
    assert.deepEqual([method, credentials, redirect], ["POST", "omit", "error"]);
    assert.equal(headers.get("content-type"), "application/x-www-form-urlencoded");
    assert.equal(headers.get("authorization"), null);
    assert.deepEqual(carried().sort(), [...Array(3).fill("Bearer high-1"), ...Array(3).fill("Bearer renewed-1")]);
    assert.deepEqual(stage.to(API).map(({ body }) => body).sort(), ["a", "a", "b", "b", "c", "c"]);
    assert.equal(stage.ceremonies.length, 1);
    // The next one has the new token, and the next renewal the new refresh token.
    assert.equal(await (await stepup.fetch(API)).text(), "done");
    valid.clear();
    assert.equal(await (await stepup.fetch(API)).text(), "done");
    assert.deepEqual(forms(), [form("refresh-1"), form("rotated-1")]);
  });

  test("t70 the events tell of it, and nothing secret", async () => {
    const stepup = await raised();
    valid.clear();
    await stepup.fetch(API, { stepup: { tag: "mine" } });
    const told = stage.events.map(({ type, detail: { flow, target, tag, status } }) => [type, flow, target ?? tag, status]);
    assert.deepEqual(told, [
      ["request", "", "token", 200],
      ["retry", "", "mine", undefined],
      ["request", "", "api", 200],
      ["settled", "", "mine", 200],
    ]);
    const text = JSON.stringify(stage.events);
    for (const secret of ["high-1", "refresh-1", "renewed-1", "rotated-1"]) assert.ok(!text.includes(secret), secret);
  });

  test("a refresh token that is refused is not used again, and the answer is the caller's", async () => {
    const stepup = await raised();
    valid.clear();
    const refused = invalid("why");
    stage.answers[API] = () => refused;
    stage.answers[RENEW] = () => json({ error: "invalid_grant" }, 400);
    const response = await stepup.fetch(API);
    assert.equal(response, refused);
    assert.equal(await response.text(), "why");
    await stepup.fetch(API);
    assert.deepEqual(forms(), [form("refresh-1")]);
    assert.deepEqual(carried(), ["Bearer high-1", "Bearer low"]);
  });

  test("a provider that cannot be reached, or whose proxy answers for it, is asked again next time", async () => {
    for (const answer of [
      () => Promise.reject(new TypeError("unreachable")),
      () => new Response("<h1>Bad gateway</h1>", { status: 502 }),
      () => json({ message: "Bad gateway" }, 502),
      () => json({ error: "temporarily_unavailable" }, 503),
    ]) {
      const stepup = await raised();
      valid.clear();
      const renews = stage.answers[RENEW];
      stage.answers[RENEW] = answer;
      const response = await stepup.fetch(API);
      assert.equal(response.status, 401);
      assert.equal(response.bodyUsed, false);
      assert.deepEqual(carried(), [`Bearer high-${given.passkey}`]);
      stage.answers[RENEW] = /** @type {import("./stage.js").Answer} */ (renews);
      assert.equal(await (await stepup.fetch(API)).text(), "done");
      const refresh = form(`refresh-${given.passkey}`);
      assert.deepEqual(forms(), [refresh, refresh]);
    }
  });

  test("one renewal for one request: what is refused again is the caller's", async () => {
    const stepup = await raised();
    stage.answers[API] = () => invalid();
    assert.equal((await stepup.fetch(API)).status, 401);
    assert.deepEqual(carried(), ["Bearer high-1", "Bearer renewed-1"]);
    assert.equal(forms().length, 1);
  });

  test("by default, and for any other 401, nothing is renewed", async () => {
    const plain = await raised({ renew: false });
    valid.clear();
    assert.equal((await plain.fetch(API)).status, 401);
    const other = await raised();
    stage.answers[API] = () => new Response(null, { status: 401, headers: { "www-authenticate": "Bearer" } });
    assert.equal((await other.fetch(API)).status, 401);
    // Nor is the session's own token, which is the app's.
    const fresh = make();
    stage.answers[API] = () => invalid();
    assert.equal((await fresh.fetch(API)).status, 401);
    assert.deepEqual(forms(), []);
  });

  test("t08 a challenge is answered by the user, whatever refresh token there is", async () => {
    const stepup = await raised();
    let demands = 1;
    const before = stage.answers[API];
    stage.answers[API] = (sent, signal) =>
      demands-- > 0 ? challenge("AL4") : /** @type {import("./stage.js").Answer} */ (before)(sent, signal);
    stage.answers[TOKEN] = ({ body }) =>
      tokens({ acr: "AL4", nonce: new URLSearchParams(body).get("nonce") }, { access_token: "high-1" });
    assert.equal(await (await stepup.fetch(API)).text(), "done");
    assert.equal(stage.ceremonies.length, 2);
    assert.deepEqual(forms(), []);
    // Nor by one of a token that has expired.
    off.time = 301_000;
    const error = await refusal(stepup.ensure({ acr: "AL5", methods: ["popup"], gate: false, signal: AbortSignal.timeout(50) }));
    assert.equal(error.name, "TimeoutError");
    assert.deepEqual(forms(), []);
  });

  test("t49 a stream is not sent again, and the next request has the renewed token", async () => {
    const stepup = await raised();
    valid.clear();
    const body = new ReadableStream({ start: (controller) => controller.close() });
    const init = /** @type {RequestInit} */ ({ method: "POST", duplex: "half", body });
    assert.equal((await stepup.fetch(API, init)).status, 401);
    assert.equal(await (await stepup.fetch(API)).text(), "done");
    assert.deepEqual(carried(), ["Bearer high-1", "Bearer renewed-1"]);
  });

  test("an ID token in the answer is checked, and must be about the same authentication", async () => {
    const answers = (/** @type {object} */ claims) => async () =>
      json({
        access_token: "renewed-1",
        token_type: "Bearer",
        refresh_token: "rotated-1",
        id_token: await idToken({ acr: "AL3", ...claims }),
      });
    for (const [claims, renewed] of /** @type {[() => object, boolean][]} */ ([
      [() => ({}), true],
      [() => ({ nonce }), true],
      [() => ({ nonce: "another" }), false],
      [() => ({ sub: "bob" }), false],
      [() => ({ aud: "other" }), false],
      [() => ({ iss: "https://evil.example" }), false],
      [() => ({ auth_time: Math.floor(now() / 1000) + 30 }), false],
      [() => ({ exp: 1 }), false],
    ])) {
      const stepup = await raised();
      valid.clear();
      valid.add("renewed-1");
      stage.answers[RENEW] = answers(claims());
      const { status } = await stepup.fetch(API);
      assert.equal(status, renewed ? 200 : 401, JSON.stringify(claims()));
      assert.deepEqual(carried(), ["Bearer high-1", ...(renewed ? ["Bearer renewed-1"] : [])].map((it) =>
        it.replace("high-1", `high-${given.passkey}`)));
      stepup.clear();
    }
  });

  test("t62 a token that has expired is sent only where it can be renewed, also after sleep", async () => {
    for (const renew of [true, false]) {
      const stepup = await raised({ renew });
      // The machine slept: the steady clock may have stood still.
      off.time += 301_000;
      valid.clear();
      assert.equal(await (await stepup.fetch(API)).text(), "done");
      const [passkeys, token] = renew ? [1, "Bearer high-1"] : [3, "Bearer low"];
      assert.equal(carried()[0], token);
      assert.deepEqual(given, { passkey: passkeys, renewed: 1 });
    }
  });

  test("t62 a stream is not used up to hear that a token has expired", async () => {
    const stepup = await raised();
    off.time += 301_000;
    const body = new ReadableStream({ start: (controller) => controller.close() });
    const init = /** @type {RequestInit} */ ({ method: "POST", duplex: "half", body });
    assert.equal((await refusal(stepup.fetch(API, init))).code, "replay_unavailable");
    assert.deepEqual(carried(), ["Bearer low"]);
  });

  test("t62 a clock that is set back gives a token no more time", async () => {
    const stepup = await raised({ renew: false });
    off.time -= 3_600_000;
    assert.equal(await (await stepup.fetch(API)).text(), "done");
    assert.deepEqual(carried(), ["Bearer high-1"]);
    off.steady += 301_000;
    off.time += 301_000;
    await stepup.fetch(API);
    assert.equal(carried()[1], "Bearer low");
    // The core sees it as well, also where the time is still one at which the token was there.
    const other = await raised({ renew: false });
    off.steady += 301_000;
    off.time += 301_000 - 200_000;
    assert.equal(other.token({ acr: "AL3" }), undefined);
  });

  test("t62 where a token expires, one that lies beside it is used", async () => {
    const stepup = make({ renew: false, session: () => ({ sub: "alice", scope: "openid" }) });
    stage.answers[API] = ({ headers }) => new Response(headers.get("authorization"));
    const answer = (/** @type {object} */ more, /** @type {object} */ claims) => {
      stage.answers[TOKEN] = ({ body }) =>
        tokens({ ...claims, nonce: new URLSearchParams(body).get("nonce") }, more);
    };
    answer({ access_token: "long", expires_in: 900 }, { acr: "AL1" });
    await stepup.ensure({ acr: "AL1" });
    answer({ access_token: "short", expires_in: 60 }, { acr: "AL3" });
    await stepup.ensure({ acr: "AL3" });
    assert.equal(await (await stepup.fetch(API)).text(), "Bearer short");
    off.time += 61_000;
    assert.equal(await (await stepup.fetch(API)).text(), "Bearer long");
    off.time += 900_000;
    assert.equal(await (await stepup.fetch(API)).text(), "");
  });

  test("a backend, and an app's own authenticate, renew their tokens themselves", async () => {
    for (const options of [{ authenticate: async () => "high" }, { bff: { login: "/bff/login" } }]) {
      const stepup = make({ ...options, passkey: undefined });
      assert.equal((await refusal(stepup.ensure())).code, "configuration_invalid");
    }
  });

  suite("among tabs", () => {
    /** Web Locks, as far as they are used here: one queue for each name. */
    class Locks {
      /** @type {Map<string, Promise<unknown>>} */
      queues = new Map();
      /** @type {string[]} */
      names = [];
      /** @param {string} name @param {{ signal: AbortSignal }} options @param {() => Promise<unknown>} run */
      request = (name, { signal }, run) => {
        this.names.push(name);
        const before = this.queues.get(name) ?? Promise.resolve();
        const mine = before.then(() => {
          signal.throwIfAborted();
          return run();
        });
        this.queues.set(name, mine.catch(() => {}));
        const aborted = new Promise((_, reject) =>
          signal.addEventListener("abort", () => reject(signal.reason)));
        return Promise.race([mine, aborted]);
      };
    }

    test("t65 two tabs never rotate at once, and share no refresh token", async () => {
      const locks = new Locks();
      Object.assign(navigator, { locks });
      const tabs = [await raised(), await raised()];
      valid.clear();
      const renews = /** @type {import("./stage.js").Answer} */ (stage.answers[RENEW]);
      let asking = 0;
      stage.answers[RENEW] = async (sent, signal) => {
        asking += 1;
        assert.equal(asking, 1, "two tabs ask at once");
        await new Promise((resolve) => setTimeout(resolve, 20));
        asking -= 1;
        return renews(sent, signal);
      };
      const all = await Promise.all(tabs.map((tab) => tab.fetch(API)));
      assert.deepEqual(all.map(({ status }) => status), [200, 200]);
      assert.deepEqual(forms().map(({ refresh_token }) => refresh_token).sort(), ["refresh-1", "refresh-2"]);
      const renewals = locks.names.filter((name) => name !== `stepup ${ISSUER},app`);
      assert.deepEqual(renewals, Array(2).fill(`stepup:renewal ${ISSUER} app`), "beside the turns to ask");
    });

    test("t65 a tab that does not let go costs the others a time limit, not a refresh token", async () => {
      const locks = new Locks();
      Object.assign(navigator, { locks });
      const stepup = await raised({ requestTimeout: 1 });
      valid.clear();
      let release = () => {};
      locks.queues.set(`stepup:renewal ${ISSUER} app`, new Promise((resolve) => (release = () => resolve(undefined))));
      assert.equal((await stepup.fetch(API)).status, 401);
      assert.deepEqual(forms(), []);
      release();
      assert.equal(await (await stepup.fetch(API)).text(), "done");
      assert.deepEqual(forms(), [form("refresh-1")]);
    });

    test("t67 after a logout no refresh token leaves any more", async () => {
      const locks = new Locks();
      Object.assign(navigator, { locks });
      const stepup = await raised();
      valid.clear();
      let release = () => {};
      locks.queues.set(`stepup:renewal ${ISSUER} app`, new Promise((resolve) => (release = () => resolve(undefined))));
      const sending = refusal(stepup.fetch(API));
      await until(() => locks.names.includes(`stepup:renewal ${ISSUER} app`));
      stepup.clear();
      assert.equal((await sending).code, "session_changed");
      release();
      let free = false;
      await locks.request(`stepup:renewal ${ISSUER} app`, new AbortController(), async () => (free = true));
      assert.ok(free);
      assert.deepEqual(forms(), []);
    });

    test("a lock that the browser refuses is done without", async () => {
      Object.assign(navigator, { locks: { request: async () => Promise.reject(new DOMException("no", "SecurityError")) } });
      const stepup = await raised();
      valid.clear();
      assert.equal(await (await stepup.fetch(API)).text(), "done");
    });

    test("t65 a page whose renewal is never answered lets go of the lock", async () => {
      const locks = new Locks();
      Object.assign(navigator, { locks });
      const stepup = await raised({ requestTimeout: 1 });
      valid.clear();
      stage.answers[RENEW] = never;
      assert.equal((await stepup.fetch(API)).status, 401);
      let free = false;
      locks.request(`stepup:renewal ${ISSUER} app`, new AbortController(), async () => (free = true));
      await until(() => free);
    });
  });
});
