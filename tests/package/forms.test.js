/** A form in a `Request`, in an engine that can neither read it nor keep its files, as WebKit. */

import assert from "node:assert/strict";
import { before, beforeEach, suite, test } from "node:test";

import { ISSUER, OPTIONS, TOKEN, provider, tokens } from "./issuer.js";
import { Asking, Stage, built, challenge, json, refusal } from "./stage.js";

/** @type {typeof import("../../src/js/index.d.ts")} */
const { createStepUp } = await import(built);

const API = "https://api.example/transfers";

suite("what may have been lost is not sent again", () => {
  /** @type {Stage} */
  let stage;
  /** @type {Set<string>} */
  let valid;
  before(() => {
    const { arrayBuffer } = Request.prototype;
    Request.prototype.arrayBuffer = function () {
      const isForm = this.headers.get("content-type")?.startsWith("multipart/form-data");
      return isForm ? Promise.reject(new DOMException("no", "InvalidStateError")) : arrayBuffer.call(this);
    };
  });
  beforeEach(() => {
    stage = new Stage();
    valid = new Set();
    stage.answers = {
      ...provider(),
      [API]: ({ headers }) => {
        const token = headers.get("authorization")?.replace("Bearer ", "") ?? "";
        if (token === "low") return challenge("AL3");
        if (valid.has(token)) return new Response("done");
        return new Response("refused", { status: 401, headers: { "www-authenticate": 'Bearer error="invalid_token"' } });
      },
      [TOKEN]: ({ body }) => {
        const nonce = new URLSearchParams(body).get("nonce");
        valid.add("high");
        return tokens({ nonce }, { access_token: "high", refresh_token: "refresh" });
      },
      [`${ISSUER}/token`]: () => {
        valid.add("renewed");
        return json({ access_token: "renewed", token_type: "Bearer" });
      },
    };
  });

  const make = () =>
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
      }),
    );
  const carried = () => stage.to(API).map(({ headers }) => headers.get("authorization"));
  const form = () => {
    const body = new FormData();
    body.set("file", new Blob(["content"]), "a.txt");
    return new Request(API, { method: "POST", body });
  };

  test("t49 after a challenge: replay_unavailable, and the new token serves the next try", async () => {
    const stepup = make();
    assert.equal((await refusal(stepup.fetch(form()))).code, "replay_unavailable");
    assert.equal(await (await stepup.fetch(form())).text(), "done");
    assert.deepEqual(carried(), ["Bearer low", "Bearer high"]);
  });

  test("t49 nor after a renewal: the refusal is the caller's, and the next try goes through", async () => {
    const stepup = make();
    await stepup.fetch(API);
    valid.clear();
    assert.equal(await (await stepup.fetch(form())).text(), "refused");
    assert.equal(await (await stepup.fetch(form())).text(), "done");
    assert.deepEqual(carried(), ["Bearer low", "Bearer high", "Bearer high", "Bearer renewed"]);
  });

  test("t49 any other request is", async () => {
    const stepup = make();
    assert.equal(await (await stepup.fetch(new Request(API, { method: "POST", body: "text" }))).text(), "done");
    const body = new FormData();
    body.set("file", new Blob(["content"]), "a.txt");
    valid.clear();
    assert.equal(await (await stepup.fetch(API, { method: "POST", body })).text(), "done");
    assert.deepEqual(carried(), ["Bearer low", "Bearer high", "Bearer high", "Bearer renewed"]);
  });
});
