/** The app's order of levels: what is asked for and accepted by it, and the ready ones. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { beforeEach, suite, test } from "node:test";
import { pathToFileURL } from "node:url";

import { ISSUER, OPTIONS, TOKEN, provider, tokens } from "./issuer.js";
import { packageFolder } from "./project.js";
import { Stage, built, challenge, json, refusal, started } from "./stage.js";

/** @type {typeof import("../../src/js/index.d.ts")} */
const { createStepUp } = await import(built);
/** @type {typeof import("../../src/js/levels.d.ts")} */
const ready = await import(pathToFileURL(join(packageFolder, "levels.js")).href);

/** @typedef {import("../../src/js/index.d.ts").StepUpOptions} StepUpOptions */

const API = "https://api.example/transfers";
const POLICY = "http://schemas.openid.net/pape/policies/2007/06/multi-factor";

/** @type {Stage} */
let stage;

beforeEach(() => {
  stage = new Stage();
  stage.answers = { ...provider() };
  proves({ acr: "AL3" });
});

/** The passkey server proves this from now on. @param {object} claims */
const proves = (claims) => {
  stage.answers[TOKEN] = ({ body }) => tokens({ nonce: new URLSearchParams(body).get("nonce"), ...claims });
};

/** The API wants this until it gets the new token. @param {() => Response} demand */
const demands = (demand) => {
  stage.answers[API] = ({ headers }) =>
    headers.get("authorization") === "Bearer high" ? json({ done: true }) : demand();
};

/** @param {Partial<StepUpOptions>} [options] */
const make = (options) =>
  stage.watch(
    createStepUp({
      apis: ["https://api.example"],
      issuer: ISSUER,
      clientId: "app",
      redirectUri: "/stepup/callback.html",
      session: () => ({ accessToken: "low", sub: "alice", scope: "openid" }),
      passkey: { options: OPTIONS, token: TOKEN },
      levels: ["AL1", "AL2", "AL3", "AL4"],
      gate: false,
      // What goes wrong here ends soon.
      promptTimeout: 10,
      ...options,
    }),
  );

suite("an order of levels", () => {
  test("t04 a higher level answers a challenge for a lower one", async () => {
    demands(() => challenge("AL2"));
    assert.equal((await make().fetch(API)).status, 200);
    assert.equal(stage.form(OPTIONS).acr_values, "AL2");
    const error = await refusal(make({ levels: undefined }).fetch(API));
    assert.deepEqual([error.code, error.response.status], ["assurance_not_met", 401]);
  });

  test("t04 a lower one does not, and 0 is no level", async () => {
    demands(() => challenge("AL3"));
    for (const acr of ["AL2", "0", undefined, [], ["AL1", "AL2"]]) {
      proves({ acr });
      assert.equal((await refusal(make().fetch(API))).code, "assurance_not_met", String(acr));
    }
    proves({ acr: ["AL1", "AL4"] });
    assert.equal((await make().fetch(API)).status, 200);
  });

  test("a level has the provider's own values, and a time to hold", async () => {
    const levels = ["AL1", { name: "AL3", acr: ["urn:p:mfa", "urn:p:key"], maxAge: 120 }];
    demands(() => challenge("AL3"));
    proves({ acr: "urn:p:key" });
    const stepup = make({ levels });
    assert.equal((await stepup.fetch(API)).status, 200);
    assert.deepEqual(
      [stage.form(OPTIONS).acr_values, stage.form(OPTIONS).max_age],
      ["urn:p:mfa urn:p:key", "120"],
    );
    const { level, acr, since = 0, until = 0 } = stepup.assurance ?? {};
    assert.deepEqual([level, acr, until - since], ["AL3", "urn:p:key", 120_000]);
    proves({ acr: "AL3" });
    assert.equal((await refusal(make({ levels }).fetch(API))).code, "assurance_not_met");
  });

  test("t05 what the provider proved too long ago for its level is stale", async () => {
    const levels = [{ name: "AL3", maxAge: 120 }];
    demands(() => challenge("AL3"));
    const now = Math.floor(Date.now() / 1000);
    for (const [auth_time, code] of [[now - 300, "assurance_stale"], [undefined, "assurance_unverifiable"], [0, "assurance_unverifiable"]]) {
      proves({ acr: "AL3", auth_time });
      assert.equal((await refusal(make({ levels }).fetch(API))).code, code);
    }
    proves({ acr: "AL3", auth_time: now - 100.5 });
    assert.equal((await make({ levels }).fetch(API)).status, 200);
  });

  test("where the provider tells no acr, methods prove a level: all of a list, or of one of several", async () => {
    demands(() => challenge("mfa"));
    /** @type {[StepUpOptions["levels"], string[], number][]} */
    const cases = [
      [ready.auth0Mfa(), ["pwd", "mfa"], 200],
      [ready.auth0Mfa(), ["pwd"], 401],
      [[{ name: "mfa", amr: ["pwd", "otp"] }], ["otp", "pwd"], 200],
      [[{ name: "mfa", amr: ["pwd", "otp"] }], ["otp"], 401],
      [[{ name: "mfa", amr: [["pwd", "otp"], ["hwk"]] }], ["hwk"], 200],
    ];
    for (const [levels, amr, status] of cases) {
      proves({ acr: undefined, amr });
      const answer = await make({ levels }).fetch(API).catch(({ response }) => response);
      assert.equal(answer.status, status, JSON.stringify([levels, amr]));
    }
    proves({ acr: undefined, amr: ["mfa"] });
    await make({ levels: ready.auth0Mfa() }).fetch(API);
    assert.equal(stage.form(OPTIONS).acr_values, POLICY);
  });

  test("what cannot be phished is a demand of its own", async () => {
    const stepup = make();
    const error = await refusal(stepup.ensure({ phishingResistant: true }));
    assert.deepEqual([error.code, stage.form(OPTIONS).acr_values], ["assurance_not_met", "phr"]);
    proves({ acr: "phr" });
    assert.equal((await stepup.ensure({ phishingResistant: true })).acr, "phr");
    proves({ amr: ["pop", "user"] });
    await make().ensure({ phishingResistant: true });
    const levels = ["AL1", { name: "AL3", phishingResistant: true }];
    proves({ acr: "AL3" });
    await make({ levels }).ensure({ phishingResistant: true });
    assert.equal(stage.form(OPTIONS).acr_values, "AL3");
  });

  test("a passkey is asked for what its level reaches, and a window opened for what it does not", async () => {
    const passkey = { options: OPTIONS, token: TOKEN, acrValues: ["AL3"] };
    await make({ passkey }).ensure({ acr: "AL2" });
    assert.deepEqual([stage.ceremonies.length, stage.opened.length], [1, 0]);
    const abort = new AbortController();
    const levels = ["AL2", "AL3", { name: "AL4", phishingResistant: true }];
    for (const asked of [{ acr: "AL4" }, { phishingResistant: true }]) {
      stage.opened = [];
      const stepup = make({ passkey, levels });
      await started();
      const waits = refusal(stepup.ensure({ ...asked, signal: abort.signal }));
      assert.equal(stage.opened.length, 1, JSON.stringify(asked));
      waits.catch(() => {});
    }
    abort.abort();
  });

  test("t22 of demands that come together the highest is asked for, once", async () => {
    const accounts = "https://api.example/accounts";
    demands(() => challenge("AL3", {}, ", max_age=60"));
    stage.answers[accounts] = ({ headers }) =>
      headers.get("authorization") === "Bearer high" ? json({}) : challenge("AL2", {}, ', max_age=90, scope="read"');
    stage.answers[TOKEN] = async ({ body }) =>
      tokens({ nonce: new URLSearchParams(body).get("nonce") }, { scope: "openid read" });
    const stepup = make();
    const all = await Promise.all([stepup.fetch(accounts), stepup.fetch(API)]);
    assert.deepEqual(all.map(({ status }) => status), [200, 200]);
    const { acr_values, max_age, scope } = stage.form(TOKEN);
    assert.deepEqual([acr_values, max_age, scope], ["AL3", "60", "openid read"]);
    assert.equal(stage.ceremonies.length, 1);
  });

  test("t18 a scope above the API's ceiling prompts nobody", async () => {
    const stepup = make({ apis: [{ origin: "https://api.example", scopes: "read write" }] });
    demands(() => challenge("AL3", {}, ', scope="read admin"'));
    const error = await refusal(stepup.fetch(API));
    assert.deepEqual([error.code, error.response.status, error.response.bodyUsed], ["scope_refused", 401, false]);
    assert.deepEqual(stage.ceremonies, []);
    demands(() => challenge("AL3", {}, ', scope="write"'));
    stage.answers[TOKEN] = async ({ body }) =>
      tokens({ nonce: new URLSearchParams(body).get("nonce") }, { scope: "openid write" });
    assert.equal((await stepup.fetch(API)).status, 200);
  });

  test("the app's own authenticate is told the provider's words", async () => {
    /** @type {unknown} */
    let asked;
    const stepup = make({
      levels: [{ name: "AL3", acr: "urn:p:3", maxAge: 90 }],
      passkey: undefined,
      authenticate: async ({ requirement }) => {
        asked = requirement;
        return "high";
      },
    });
    demands(() => challenge("AL3"));
    await stepup.fetch(API);
    assert.deepEqual(asked, { acrValues: ["urn:p:3"], maxAge: 90, scope: ["openid"] });
  });
});

suite("an order that cannot work is refused", () => {
  /** @type {[string, any][]} */
  const orders = [
    ["a name that two levels have", ["AL1", { name: "AL1", acr: "x" }]],
    ["an acr that two levels have", [{ name: "a", acr: "x" }, { name: "b", acr: ["y", "x"] }]],
    ["an acr of 0", [{ name: "a", acr: "0" }]],
    ["nothing that proves it", [{ name: "a", acr: [] }]],
    ["an empty list of methods", [{ name: "a", amr: [[]] }]],
    ["lists and methods mixed", [{ name: "a", amr: [["pwd"], "otp"] }]],
    ["an acr that cannot be sent", ["a b"]],
    ["a time that is none", [{ name: "a", maxAge: -1 }]],
  ];
  for (const [what, levels] of orders)
    test(what, async () => {
      const error = await refusal(make({ levels }).ensure({}));
      assert.equal(error.code, "configuration_invalid", error.message);
    });
});

suite("ready orders", () => {
  test("NIST's three, of which the third cannot be phished", async () => {
    assert.deepEqual(
      ready.nistAal().map(({ name, acr, phishingResistant }) => [name, acr, phishingResistant]),
      [1, 2, 3].map((aal) => [`AAL${aal}`, `http://idmanagement.gov/ns/assurance/aal/${aal}`, aal === 3]),
    );
    const own = ready.nistAal({ acr: (aal) => `aal${aal}`, maxAge: { AAL3: 43_200 } });
    assert.deepEqual(own.map(({ acr, maxAge }) => [acr, maxAge]), [["aal1", undefined], ["aal2", undefined], ["aal3", 43_200]]);
  });

  test("those of the Extended Authentication Profile", () => {
    assert.deepEqual(ready.eap(), [
      { name: "phr", phishingResistant: true },
      { name: "phrh", phishingResistant: true },
    ]);
  });

  test("Keycloak's map, by its numbers", () => {
    const levels = ready.keycloakLoa({ gold: 20, silver: 3, argent: 3, bronze: 1 }, { maxAge: { 20: 300 }, phishingResistant: 20 });
    assert.deepEqual(levels, [
      { name: "bronze", acr: ["bronze"], maxAge: undefined, phishingResistant: false },
      { name: "silver", acr: ["silver", "argent"], maxAge: undefined, phishingResistant: false },
      { name: "gold", acr: ["gold"], maxAge: 300, phishingResistant: true },
    ]);
  });

  test("Zscaler's four, each with its time and its value at the provider", () => {
    const levels = ready.zscaler({ AL3: { acr: "urn:mfa", maxAge: 3600 } });
    assert.deepEqual(levels, [{ name: "AL1" }, { name: "AL2" }, { name: "AL3", acr: "urn:mfa", maxAge: 3600 }, { name: "AL4" }]);
  });

  for (const [name, levels] of Object.entries({
    nistAal: ready.nistAal(),
    eap: ready.eap(),
    keycloakLoa: ready.keycloakLoa({ 1: 1, 2: 2 }),
    zscaler: ready.zscaler(),
    auth0Mfa: ready.auth0Mfa(),
  }))
    test(`${name} is one that works`, () => make({ levels }).preload());
});
