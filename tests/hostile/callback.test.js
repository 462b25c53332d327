/** What a window may come back with, and that it may never come back. */

import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";

import { Bank, LIMITED, PROMPT_TIMEOUT, until } from "./bank.js";
import { settled } from "./cell.js";

/** @type {Bank} */
let bank;
before(async () => {
  bank = await Bank.open();
});
after(() => bank.close());

/** @typedef {(query: URLSearchParams) => string | URLSearchParams} Change */

/** @param {Record<string, string | undefined>} parameters @returns {Change} */
const having = (parameters) => (query) => {
  for (const [name, value] of Object.entries(parameters)) value === undefined ? query.delete(name) : query.set(name, value);
  return query;
};

/** @param {string} more @returns {Change} */
const followedBy = (more) => (query) => `${query}&${more}`;

/** A request that waits for a window. @param {Partial<import("../../src/js/index.d.ts").StepUpOptions>} [options] */
const asking = async (options) => {
  bank.anew();
  const stepup = bank.make({ methods: ["popup"], ...options });
  await stepup.ensure({ acr: "AL2" });
  const held = stepup.token({ acr: "AL2" });
  bank.provider.forget();
  return { stepup, held };
};

/** Nothing is lost, and it goes on as ever. @param {{ stepup: import("../../src/js/index.d.ts").StepUp, held?: string }} page @param {any} error */
const stands = async ({ stepup, held }, error) => {
  assert.deepEqual([error.response.status, await error.response.json()], [401, { demand: "AL3" }]);
  assert.equal(bank.api.to("/transfers").length, 1);
  assert.equal(stepup.token({ acr: "AL2" }), held);
  assert.equal(await (await stepup.fetch(`${bank.api.origin}/other`)).text(), `Bearer ${held}`);
  assert.equal(bank.clocks, 0);
  bank.comesBack = (url) => bank.query(url);
  // A click, since who has said no is not asked again at once.
  await stepup.ensure({ acr: "AL3" });
  assert.equal(await (await stepup.fetch(bank.transfers)).text(), "done");
};

suite("a window", () => {
  for (const [name, change, code, exchanged = 0] of /** @type {[string, Change, string, number?][]} */ ([
    ["an error", having({ code: undefined, error: "server_error" }), "authorization_refused"],
    ["a refusal", having({ code: undefined, error: "access_denied" }), "cancelled"],
    ["what cannot be reached", having({ code: undefined, error: "unmet_authentication_requirements" }), "assurance_unavailable"],
    ["a code and an error", having({ error: "access_denied" }), "response_malformed"],
    ["neither", having({ code: undefined }), "response_malformed"],
    ["an empty code", having({ code: "" }), "response_malformed"],
    ["two codes", followedBy("code=other"), "response_malformed"],
    ["the same code twice", (query) => `${query}&code=${query.get("code")}`, "response_malformed"],
    ["two states, one of them right", followedBy("state=other"), "response_malformed"],
    ["two issuers", followedBy("iss=https%3A%2F%2Fevil.example"), "response_malformed"],
    ["another issuer", having({ iss: "https://evil.example" }), "issuer_mismatch"],
    ["another issuer and an error", having({ iss: "https://evil.example", code: undefined, error: "access_denied" }), "issuer_mismatch"],
    ["no issuer", having({ iss: undefined }), "issuer_mismatch"],
    ["an error that would be markup", having({ code: undefined, error: '<img src=x onerror="alert(1)">' }), "authorization_refused"],
    ["a code that nobody gave", having({ code: "forged" }), "id_token_invalid", 1],
    ["a code of a megabyte", having({ code: "x".repeat(1 << 20) }), "id_token_invalid", 1],
    ["a code that breaks a form", having({ code: "a&code_verifier=b\r\n\r\nGET / HTTP/1.1" }), "id_token_invalid", 1],
  ]))
    test(`that comes back with ${name}: ${code}`, LIMITED, async () => {
      const page = await asking();
      bank.comesBack = (url) => `${change(new URLSearchParams(bank.query(url)))}`;
      const { error } = await settled(page.stepup.fetch(bank.transfers));
      assert.equal(error?.code, code, `${error}`);
      assert.ok(!/[<>\r\n]/.test(error.message), error.message);
      assert.equal(bank.provider.to("/token").length, exchanged);
      if (name.includes("breaks a form")) {
        const form = new URLSearchParams(bank.provider.to("/token")[0]?.body);
        assert.equal(form.getAll("code_verifier").length, 1);
      }
      assert.ok(bank.stage.opened.every(({ closed }) => closed));
      await stands(page, error);
    });

  for (const [name, change] of /** @type {[string, Change][]} */ ([
    ["another state", having({ state: "other" })],
    ["no state", having({ state: undefined })],
    ["an empty state", having({ state: "" })],
    ["the state in capitals", (query) => (query.set("state", `${query.get("state")}`.toUpperCase() + "X"), query)],
    ["another flow's answer", () => "?code=c&state=s&iss=https%3A%2F%2Fevil.example"],
    ["nothing", () => ""],
    ["half a percent sign", () => "%"],
    ["another state and an error", having({ state: "other", code: undefined, error: "access_denied" })],
  ]))
    test(`that hears ${name} goes on waiting for its own`, LIMITED, async () => {
      const { stepup } = await asking();
      /** @type {URL[]} */
      const urls = [];
      bank.comesBack = (url) => (urls.push(url), `${change(new URLSearchParams(bank.query(url)))}`);
      let over = false;
      const sending = settled(stepup.fetch(bank.transfers)).finally(() => (over = true));
      await until(() => urls.length, "a window");
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.equal(over, false);
      const [url] = /** @type {[URL]} */ (urls);
      bank.callBack(url, bank.query(url));
      const { response, error } = await sending;
      assert.equal(await response?.text(), "done", `${error}`);
      assert.equal(bank.provider.to("/token").length, 1);
    });

  test("that comes back many times is heard once", LIMITED, async () => {
    const { stepup } = await asking();
    bank.comesBack = (url) => {
      for (let again = 0; again < 20; again += 1) bank.callBack(url, bank.query(url));
      bank.callBack(url, `?error=access_denied&state=${url.searchParams.get("state")}`);
      return bank.query(url);
    };
    assert.equal(await (await stepup.fetch(bank.transfers)).text(), "done");
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(bank.provider.to("/token").length, 1);
    assert.equal(bank.api.to("/transfers").length, 2);
  });

  test("that never comes back ends with the time limit, and what comes after it changes nothing", LIMITED, async () => {
    const page = await asking();
    /** @type {URL[]} */
    const urls = [];
    bank.comesBack = (url) => void urls.push(url);
    const all = ["a", "b", "c"].map((body) => settled(page.stepup.fetch(bank.transfers, { method: "POST", body })));
    const challenged = () => bank.stage.events.filter(({ type, detail }) => type === "challenge" && detail.flow !== "f1").length;
    await until(() => urls.length && challenged() === 3, "a window");
    bank.expire(PROMPT_TIMEOUT);
    for (const { error } of await Promise.all(all)) {
      assert.equal(error?.code, "timed_out", `${error}`);
      assert.deepEqual([error.response.status, error.response.bodyUsed], [401, false]);
    }
    const [url] = /** @type {[URL]} */ (urls);
    bank.callBack(url, bank.query(url));
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(bank.provider.to("/token"), []);
    assert.equal(page.stepup.token({ acr: "AL3" }), undefined);
    assert.equal(page.stepup.token({ acr: "AL2" }), page.held);
    bank.comesBack = (address) => bank.query(address);
    assert.equal(await (await page.stepup.fetch(bank.transfers)).text(), "done");
  });
});
