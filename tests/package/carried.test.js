/** Options for a passkey that a challenge carries in its body. */

import assert from "node:assert/strict";
import { beforeEach, suite, test } from "node:test";

import { ISSUER, OPTIONS, TOKEN, provider } from "./issuer.js";
import { Asking, Stage, assertion, built, challenge, json, refusal, until } from "./stage.js";

/** @type {typeof import("../../src/js/index.d.ts")} */
const { createStepUp } = await import(built);

const API = "https://api.example/transfers";
const OFFER = { publicKey: { challenge: "Y2FycmllZA" }, auth_session: "carried" };

/** @type {Stage} */
let stage;
/** @type {Asking} */
let gate;
/** @type {() => Response} What the API answers where the token is not enough. */
let demand;

beforeEach(() => {
  stage = new Stage();
  gate = new Asking();
  demand = () => challenge("AL3", { title: "Step up", passkey: OFFER });
  stage.answers = {
    ...provider(),
    [API]: ({ headers }) =>
      headers.get("authorization") === "Bearer high" ? new Response("done") : demand(),
  };
});

/** @param {Partial<import("../../src/js/index.d.ts").StepUpOptions>} [options] */
const make = (options) =>
  stage.watch(
    createStepUp({
      apis: [{ origin: "https://api.example", passkeyServer: true }],
      issuer: ISSUER,
      clientId: "app",
      redirectUri: "/stepup/callback.html",
      session: () => ({ accessToken: "low", sub: "alice" }),
      passkey: { options: OPTIONS, token: TOKEN },
      gate: gate.option,
      // What goes wrong here ends soon.
      promptTimeout: 10,
      ...options,
    }),
  );

/** A challenge with this body. @param {BodyInit | null} body @param {string} [type] */
const demanding = (body, type = "application/json") =>
  new Response(body, { status: 401, headers: { ...Object.fromEntries(challenge().headers), "content-type": type } });

const asked = () => stage.ceremonies.map(({ publicKey }) => publicKey.challenge);

suite("options in a challenge", () => {
  test("of the passkey server are used, and no endpoint is asked for any", async () => {
    assert.equal((await make().fetch(API)).status, 200);
    assert.deepEqual(asked(), ["Y2FycmllZA"]);
    assert.deepEqual([stage.to(API).length, stage.to(OPTIONS).length, stage.to(TOKEN).length], [2, 0, 1]);
    const { nonce, auth_session, credential } = stage.form(TOKEN);
    assert.ok(nonce);
    assert.equal(auth_session, "carried");
    assert.deepEqual(JSON.parse(String(credential)), assertion("for-Y2FycmllZA"));
  });

  test("of a type like JSON, in pieces, and bare, are read as well", async () => {
    for (const type of ["application/problem+json", "Application/JSON; charset=utf-8"]) {
      // Pieces end within a character: "€" has three bytes.
      const bytes = new TextEncoder().encode(JSON.stringify({ passkey: { hint: "€", ...OFFER.publicKey } }));
      const within = bytes.indexOf(0xe2) + 1;
      demand = () =>
        demanding(
          new ReadableStream({
            start: (controller) => {
              controller.enqueue(bytes.slice(0, within));
              controller.enqueue(bytes.slice(within));
              controller.close();
            },
          }),
          type,
        );
      assert.equal((await make().fetch(API)).status, 200);
    }
    assert.deepEqual(asked(), ["Y2FycmllZA", "Y2FycmllZA"]);
    assert.equal(stage.ceremonies[0].publicKey.hint, "€");
    assert.equal(stage.to(OPTIONS).length, 0);
  });

  test("t45 of any other API are ignored, also of one whose path is not the passkey server's", async () => {
    for (const apis of [
      ["https://api.example"],
      [{ origin: "https://api.example" }],
      [{ origin: "https://api.example", passkeyServer: false }],
      [{ origin: "https://api.example", pathPrefix: "/passkeys", passkeyServer: true }, "https://api.example"],
      ["https://api.example", { origin: "https://login.example", passkeyServer: true }],
    ]) {
      assert.equal((await make({ apis }).fetch(API)).status, 200);
      assert.equal(asked().at(-1), "AQID");
      assert.equal(stage.form(TOKEN).auth_session, "s 1&=");
    }
    assert.equal(stage.to(OPTIONS).length, 5);
  });

  test("t45 nor are they where no passkey is configured", async () => {
    stage.windows(false);
    const error = refusal(make({ passkey: undefined }).fetch(API));
    assert.deepEqual((await gate.shows("choose")).methods, ["popup"]);
    gate.choose("cancel");
    assert.equal((await error).code, "cancelled");
    assert.deepEqual(stage.ceremonies, []);
  });

  const offer = JSON.stringify({ passkey: OFFER });
  /** @type {[string, () => Response][]} */
  const NONE = [
    ["a body that is not said to be JSON", () => demanding(offer, "text/plain")],
    ["a body of no type", () => new Response(new TextEncoder().encode(offer), { status: 401, headers: { "www-authenticate": String(challenge().headers.get("www-authenticate")) } })],
    ["a type that only contains the letters", () => demanding(offer, "application/jsonish")],
    ["no body", () => demanding(null)],
    ["malformed JSON", () => demanding(`${offer.slice(0, -1)},`)],
    ["JSON that is no object", () => demanding("null")],
    ["more than 65 536 characters", () => demanding(JSON.stringify({ passkey: OFFER, more: "x".repeat(65_536) }))],
    ["a body that breaks off", () =>
      demanding(new ReadableStream({
        start: (controller) => {
          controller.enqueue(new TextEncoder().encode(offer));
          controller.error(new TypeError("connection lost"));
        },
      }))],
    ...[null, "AQID", 1, [], {}, { publicKey: "AQID" }, { publicKey: null }, { challenge: 1 }, [{ challenge: "AQID" }]].map(
      (wrong) =>
        /** @type {[string, () => Response]} */ ([`${JSON.stringify(wrong)} as the member`, () => demanding(JSON.stringify({ passkey: wrong }))]),
    ),
  ];
  for (const [what, answer] of NONE)
    test(`${what} carries none: the endpoint is asked`, async () => {
      demand = answer;
      assert.equal((await make().fetch(API)).status, 200);
      assert.deepEqual(asked(), ["AQID"]);
    });

  test("as long as a body may be, they are read", async () => {
    const empty = JSON.stringify({ passkey: OFFER, more: "" });
    demand = () => demanding(JSON.stringify({ passkey: OFFER, more: "x".repeat(65_536 - empty.length) }));
    assert.equal((await make().fetch(API)).status, 200);
    assert.deepEqual(asked(), ["Y2FycmllZA"]);
  });

  test("a body that never ends is read until the time limit of requests, and no longer", async () => {
    let cancelled = false;
    demand = () =>
      demanding(
        new ReadableStream({
          start: (controller) => controller.enqueue(new TextEncoder().encode(offer.slice(0, -1))),
          cancel: () => {
            cancelled = true;
          },
        }),
      );
    const offers = /** @type {import("./stage.js").Answer} */ (stage.answers[OPTIONS]);
    stage.answers[OPTIONS] = (...asked) => {
      // The caller may still want to.
      assert.equal(cancelled, false);
      return offers(...asked);
    };
    const began = Date.now();
    assert.equal((await make({ requestTimeout: 1 }).fetch(API)).status, 200);
    assert.ok(Date.now() - began >= 900 && Date.now() - began < 6000, `${Date.now() - began} ms`);
    assert.deepEqual(asked(), ["AQID"]);
    // Who would have read the other half of it has another answer.
    assert.equal(cancelled, true);
  });

  test("an endless stream of bytes is read up to the longest, not for ever", async () => {
    let pulled = 0;
    demand = () =>
      demanding(
        new ReadableStream({
          pull: (controller) => {
            pulled += 1;
            controller.enqueue(new Uint8Array(16_384).fill(32));
          },
        }),
      );
    assert.equal((await make().fetch(API)).status, 200);
    assert.deepEqual(asked(), ["AQID"]);
    assert.ok(pulled < 12, `${pulled}`);
  });

  test("the response of a failed step-up is unread, whatever was found in it", async () => {
    stage.answers[TOKEN] = () => json({ error: "invalid_grant" }, 400);
    for (const answer of [demand, () => demanding("{", "application/json"), () => demanding(`"${"x".repeat(70_000)}"`)]) {
      demand = answer;
      const { code, response } = await refusal(make({ gate: false }).fetch(API));
      assert.deepEqual([code, response.status, response.bodyUsed], ["token_refused", 401, false]);
      assert.equal(await response.text(), await answer().text());
    }
  });

  test("an answer that turns out to be no challenge is the caller's, unread", async () => {
    const plain = new Response(offer, { status: 403, headers: { "content-type": "application/json", "www-authenticate": 'Basic realm="insufficient_x"' } });
    demand = () => plain;
    const response = await make().fetch(API);
    assert.equal(response, plain);
    assert.equal(await response.text(), offer);
  });

  test("t55 an abort while the body is read rejects at once with the caller's reason, and asks nobody", async () => {
    const caller = new AbortController();
    let reading = false;
    demand = () =>
      demanding(
        new ReadableStream({
          pull: () => {
            reading = true;
            return new Promise(() => {});
          },
        }),
      );
    const asking = refusal(make().fetch(API, { signal: caller.signal }));
    await until(() => reading);
    const began = Date.now();
    caller.abort("changed my mind");
    assert.equal(await asking, "changed my mind");
    assert.ok(Date.now() - began < 1000);
    assert.deepEqual([stage.ceremonies, stage.to(OPTIONS)], [[], []]);
  });

  test("t67 clear() while the body is read ends it as well", async () => {
    /** @type {ReadableStreamDefaultController<Uint8Array> | undefined} */
    let body;
    demand = () => demanding(new ReadableStream({ start: (controller) => void (body = controller) }));
    const stepup = make();
    const asking = refusal(stepup.fetch(API));
    await until(() => body);
    await new Promise((resolve) => setTimeout(resolve, 20));
    stepup.clear();
    body?.enqueue(new TextEncoder().encode(offer));
    body?.close();
    assert.equal((await asking).code, "session_changed");
    assert.deepEqual(stage.ceremonies, []);
  });

  test("options of the second challenge are used for the second step-up", async () => {
    stage.answers[API] = ({ headers }) =>
      headers.get("authorization") === "Bearer high"
        ? challenge("AL4", { passkey: { publicKey: { challenge: "c2Vjb25k" }, auth_session: "two" } })
        : demand();
    const error = await refusal(make({ gate: false }).fetch(API));
    assert.deepEqual(asked(), ["Y2FycmllZA", "c2Vjb25k"]);
    assert.equal(stage.form(TOKEN).auth_session, "two");
    // The stub's token says AL3 again.
    assert.equal(error.code, "assurance_not_met");
    assert.equal(stage.to(OPTIONS).length, 0);
  });

  test("where only challenges carry options, one that carries none leaves the other ways, or none", async () => {
    const carriedOnly = { token: TOKEN };
    assert.equal((await make({ passkey: carriedOnly }).fetch(API)).status, 200);
    demand = () => challenge("AL3", {});
    stage.windows(false);
    const asking = refusal(make({ passkey: carriedOnly }).fetch(API));
    assert.deepEqual((await gate.shows("choose")).methods, ["popup"]);
    gate.choose("cancel");
    assert.equal((await asking).code, "cancelled");
    const passkeyOnly = make({ passkey: carriedOnly, methods: ["passkey"] });
    assert.equal((await refusal(passkeyOnly.fetch(API))).code, "passkey_unavailable");
    assert.equal(stage.to(OPTIONS).length, 0);
  });

  test("a detector's own challenge may carry them too", async () => {
    demand = () => json({ passkey: OFFER }, 422);
    const detect = () => ({ acr: "AL3" });
    const apis = [{ origin: "https://api.example", passkeyServer: true, detect }];
    assert.equal((await make({ apis }).fetch(API)).status, 200);
    assert.deepEqual(asked(), ["Y2FycmllZA"]);
  });

  test("a backend takes them as well, and the assertion goes to bff.passkey.verify", async () => {
    let raised = false;
    stage.answers["https://app.example/api/x"] = () => (raised ? new Response("done") : challenge("AL3", { passkey: OFFER }));
    stage.answers["https://app.example/verify"] = () => ((raised = true), new Response(null, { status: 204 }));
    const stepup = make({
      apis: [{ origin: "/", pathPrefix: "/api", passkeyServer: true }],
      issuer: undefined,
      passkey: undefined,
      bff: { passkey: { verify: "/verify" } },
    });
    assert.equal((await stepup.fetch("/api/x")).status, 200);
    assert.deepEqual(stage.sent.map(({ url }) => new URL(url).pathname), ["/api/x", "/verify", "/api/x"]);
    const { auth_session, credential } = JSON.parse(String(stage.sent[1]?.body));
    assert.deepEqual([auth_session, credential.id], ["carried", "for-Y2FycmllZA"]);
  });
});
