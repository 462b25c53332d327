/** Every way to a token, with all that is secret marked: nothing tells it but the request it is for. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, suite, test } from "node:test";
import { inspect } from "node:util";
import { serialize } from "node:v8";

import { ISSUER, OPTIONS, TOKEN, idToken, provider, tokens } from "./issuer.js";
import { APP, Asking, Stage, assertion, built, challenge, json, refusal, until } from "./stage.js";

/** @type {typeof import("../../src/js/index.d.ts")} */
const { createStepUp } = await import(built);

/** @typedef {import("../../src/js/index.d.ts").StepUpOptions} StepUpOptions */
/** @typedef {import("../../src/js/index.d.ts").StepUp} StepUp */

/** In all that is made up here; what the SDK draws and what is signed is learned on the way. */
const MARK = "mark-1f9c";
const API = "https://api.example/transfers";
const RENEW = `${ISSUER}/token`;
const CHALLENGE = `${ISSUER}/challenge`;

/** @type {Stage} */
let stage;
/** @type {Asking} */
let gate;
/** All that must not be told. @type {Set<string>} */
let secrets;
/** What was said in the console, kept in a storage, or made a part of an address. @type {unknown[]} */
let traces;
/** How things are put back. @type {(() => void)[]} */
let undo;

/** @param {any} object @param {string} name @param {any} value */
const replace = (object, name, value) => {
  const before = Object.getOwnPropertyDescriptor(object, name);
  Object.defineProperty(object, name, { value, configurable: true, writable: true });
  undo.push(() => (before ? Object.defineProperty(object, name, before) : delete object[name]));
};

/** A storage that takes down what is done with it. */
const storage = () => {
  /** @type {Map<string, string>} */
  const items = new Map();
  const setItem = (/** @type {string} */ key, /** @type {string} */ value) => {
    traces.push(["storage", key, value]);
    items.set(key, value);
  };
  const methods = {
    getItem: (/** @type {string} */ key) => items.get(key) ?? null,
    setItem,
    removeItem: (/** @type {string} */ key) => void items.delete(key),
  };
  return new Proxy(methods, {
    get: (target, key) => Reflect.get(target, key) ?? items.get(`${String(key)}`),
    set: (_, key, value) => (setItem(String(key), `${value}`), true),
  });
};

beforeEach(() => {
  stage = new Stage();
  gate = new Asking();
  secrets = new Set([MARK]);
  traces = [];
  undo = [];
  const said = { ...console };
  for (const [name, value] of Object.entries(console))
    // It says nothing, and gives back what runs a task.
    if (typeof value === "function" && name !== "createTask") said[/** @type {"log"} */ (name)] = (...all) => void traces.push(["console", name, ...all]);
  replace(globalThis, "console", said);
  for (const name of ["reportError", "alert"])
    replace(globalThis, name, (/** @type {unknown} */ error) => void traces.push([name, error]));
  for (const name of ["localStorage", "sessionStorage"]) replace(globalThis, name, storage());
  for (const name of ["pushState", "replaceState"])
    replace(globalThis, "history", { ...globalThis.history, [name]: (/** @type {unknown[]} */ ...all) => void traces.push([name, ...all]) });
  Object.defineProperty(document, "cookie", { get: () => "", set: (text) => void traces.push(["cookie", text]) });
  stage.authenticator = async () => ({ toJSON: () => assertion(`${MARK}-credential`) });
  stage.answers = {
    ...provider(),
    [API]: ({ headers }) => {
      const token = headers.get("authorization") ?? "";
      return /high|renewed/.test(token) ? new Response(`${MARK}-answer`) : challenge("AL3", { secret: `${MARK}-body` });
    },
    [OPTIONS]: () => json({ publicKey: { challenge: "AQID", hint: `${MARK}-options` }, auth_session: `${MARK}-session` }),
    [TOKEN]: ({ body }) => issued(new URLSearchParams(body).get("nonce")),
    [RENEW]: ({ body }) => {
      const form = new URLSearchParams(body);
      learn(form.get("code_verifier"));
      return form.has("refresh_token")
        ? json({ access_token: `${MARK}-renewed`, token_type: "Bearer", refresh_token: `${MARK}-rotated` })
        : issued(sentNonce);
    },
  };
});

afterEach(() => undo.reverse().forEach((run) => run()));

/** The nonce of the authorization request. @type {string | null} */
let sentNonce = null;

/** From now on it must not be told. @param {string | null | undefined} secret */
const learn = (secret) => {
  if (secret) secrets.add(secret);
  return secret;
};

/** What the provider gives. @param {string | null} nonce @param {object} [claims] @param {object} [more] */
const issued = async (nonce, claims, more) => {
  learn(nonce);
  const answer = await tokens({ nonce, ...claims }, {
    access_token: `${MARK}-high`, refresh_token: `${MARK}-refresh`, ...more,
  });
  const { id_token } = await answer.clone().json();
  // Its header and claims are no secret by themselves; who has the signature has the token.
  learn(id_token?.split(".")[2]);
  return answer;
};

/** @param {Partial<StepUpOptions>} [options] */
const make = (options) =>
  stage.watch(
    createStepUp({
      apis: ["https://api.example"],
      issuer: ISSUER,
      clientId: "app",
      redirectUri: "/stepup/callback.html",
      session: () => ({ accessToken: `${MARK}-low`, sub: "alice", scope: "openid" }),
      passkey: { options: OPTIONS, token: TOKEN },
      gate: gate.option,
      promptTimeout: 10,
      renew: true,
      ...options,
    }),
  );

/** A request with secrets in all its parts. @param {StepUp} stepup */
const send = (stepup) =>
  stepup.fetch(`${API}?account=${MARK}-query#${MARK}-hash`, {
    method: "POST",
    body: `password=${MARK}-password`,
    headers: { "X-Api-Key": `${MARK}-key`, Authorization: `Bearer ${MARK}-own` },
    stepup: { reason: "Confirm", tag: "mine" },
  });

/** Until the window has gone somewhere. */
const visited = async () => {
  await until(() => stage.opened.at(-1)?.url, "a window that goes somewhere");
  const { searchParams } = new URL(stage.opened.at(-1)?.url ?? "");
  sentNonce = searchParams.get("nonce");
  for (const name of ["nonce", "code_challenge"]) learn(searchParams.get(name));
  return searchParams;
};

/** The window comes back. @param {(state: string | null) => string} query */
const comesBack = async (query) => {
  const asked = await visited();
  const { end } = await stage.callback(`/stepup/callback.html?${query(asked.get("state"))}&iss=${ISSUER}`);
  return end;
};

/** All of a value in words: what a log would write of it, whichever way it does. @param {unknown} value */
const words = (value) => {
  /** @type {string[]} */
  const all = [];
  const seen = new Set();
  const visit = (/** @type {any} */ it) => {
    all.push(inspect(it, { depth: Infinity, showHidden: true, getters: true }));
    try {
      all.push(String(it), JSON.stringify(it) ?? "");
      all.push(serialize(it).toString("latin1"), serialize(it).toString("utf16le"));
    } catch {
      // What cannot be cloned is told in the other ways.
    }
    if (it === null || typeof it !== "object" || seen.has(it)) return;
    seen.add(it);
    // The API's answer is the app's own.
    if (it instanceof Response) return;
    for (const name of Reflect.ownKeys(it)) visit(it[name]);
    if (it instanceof Error) visit(it.cause), visit(it.stack), visit(it.message);
  };
  visit(value);
  return all.join("\n");
};

/** Nothing of what the page can see tells a secret. @param {unknown[]} more */
const keepsSilent = (...more) => {
  const places = { events: stage.events, traces, gate: gate.models, warnings: stage.warnings, more };
  for (const [place, found] of Object.entries(places)) {
    const text = words(found);
    for (const secret of secrets) assert.ok(!text.includes(secret), `${secret} in ${place}: ${text.slice(0, 4000)}`);
  }
  // Each secret leaves for where it is meant to go, and in no address of the SDK's own.
  for (const { url, body, headers } of stage.sent) {
    const { origin } = new URL(url);
    const sent = `${body} ${[...headers].join(" ")}`;
    if (origin !== "https://api.example") {
      for (const secret of secrets) assert.ok(!url.includes(secret), url);
      assert.doesNotMatch(sent, new RegExp(`${MARK}-(low|own|key|password|renewed)`), url);
    } else {
      assert.doesNotMatch(sent, new RegExp(`${MARK}-(refresh|rotated|code|credential|session)`), url);
    }
  }
};

/** Whether a word of a secret would be found where it is looked for. */
test("t70 a secret that is told anywhere is found", () => {
  const error = new Error("a", { cause: Object.assign(new Error("b"), { hidden: { deep: [MARK] } }) });
  const hidden = Object.defineProperty({}, "x", { value: MARK, enumerable: false });
  for (const told of [error, hidden, new Error(MARK), { a: new Map([[MARK, 1]]) }, [new Set([`a${MARK}b`])], new URL(`https://a.test/?${MARK}`)])
    assert.ok(words(told).includes(MARK), inspect(told));
  console.info("x", MARK);
  assert.throws(() => keepsSilent());
  traces = [];
  sessionStorage.setItem("a", MARK);
  assert.throws(() => keepsSilent());
});

/** @type {Record<string, () => Promise<StepUp>>} */
const WAYS = {
  "a window": async () => {
    const stepup = make({ methods: ["popup"] });
    const asking = send(stepup);
    const end = await comesBack((state) => `code=${MARK}-code&state=${state}`);
    assert.equal((await asking).status, 200);
    end();
    return stepup;
  },
  "a passkey": async () => {
    const stepup = make();
    assert.equal((await send(stepup)).status, 200);
    return stepup;
  },
  "a passkey with the session's ID token as a hint": async () => {
    const hint = await idToken();
    learn(hint.split(".")[2]);
    const stepup = make({ session: () => ({ accessToken: `${MARK}-low`, idToken: hint }) });
    assert.equal((await send(stepup)).status, 200);
    return stepup;
  },
  "options in the challenge": async () => {
    stage.answers[API] = ({ headers }) =>
      headers.get("authorization")?.includes("high")
        ? new Response("done")
        : challenge("AL3", { passkey: { publicKey: { challenge: "AQID", hint: `${MARK}-options` }, auth_session: `${MARK}-session` } });
    const stepup = make({ apis: [{ origin: "https://api.example", passkeyServer: true }] });
    assert.equal((await send(stepup)).status, 200);
    assert.equal(stage.to(OPTIONS).length, 0);
    return stepup;
  },
  "a first party": async () => {
    const metadata = stage.answers[`${ISSUER}/.well-known/openid-configuration`];
    stage.answers[`${ISSUER}/.well-known/openid-configuration`] = async (sent, signal) =>
      json({ ...(await (await metadata?.(sent, signal))?.json()), authorization_challenge_endpoint: CHALLENGE });
    stage.answers[CHALLENGE] = ({ body }) => {
      const form = new URLSearchParams(body);
      sentNonce = form.get("nonce");
      learn(sentNonce);
      return form.has("credential")
        ? json({ authorization_code: `${MARK}-code` })
        : json({ error: "insufficient_authorization", auth_session: `${MARK}-session`, publicKey: { challenge: "AQID" } }, 400);
    };
    const stepup = make({ passkey: undefined, firstPartyApps: true });
    assert.equal((await send(stepup)).status, 200);
    return stepup;
  },
  "a backend": async () => {
    let raised = false;
    stage.answers[`${APP}/api/transfers`] = () => (raised ? new Response("done") : challenge());
    stage.answers[`${APP}/options`] = () => json({ publicKey: { challenge: "AQID" }, auth_session: `${MARK}-session` });
    stage.answers[`${APP}/verify`] = () => ((raised = true), json({ token: `${MARK}-leaked` }));
    const csrf = { header: "X-CSRF-Token", token: () => `${MARK}-csrf` };
    const stepup = stage.watch(
      createStepUp({
        apis: [{ origin: "/", pathPrefix: "/api" }],
        bff: { passkey: { options: "/options", verify: "/verify" }, csrf },
        methods: ["passkey"],
        gate: gate.option,
      }),
    );
    const sending = stepup.fetch("/api/transfers", { method: "POST", body: `${MARK}-body` });
    assert.equal((await sending).status, 200);
    return stepup;
  },
  "the app's own": async () => {
    const id_token = await idToken({ acr: "AL3", auth_time: Math.floor(Date.now() / 1000) });
    learn(id_token.split(".")[2]);
    const stepup = make({
      renew: false,
      passkey: undefined,
      authenticate: async () => ({ accessToken: `${MARK}-high`, idToken: id_token, expiresIn: 60 }),
    });
    assert.equal((await send(stepup)).status, 200);
    return stepup;
  },
};

suite("a step-up tells no secret", () => {
  for (const [name, goes] of Object.entries(WAYS))
    test(`t70 by ${name}`, async () => {
      const stepup = await goes();
      assert.ok(stage.events.some(({ type }) => type === "authenticated"));
      assert.ok(stage.events.some(({ type }) => type === "retry"));
      keepsSilent(stepup, stepup.assurance, await stepup.ensure({ acr: "AL3" }));
    });

  test("t70 by a renewal", async () => {
    const stepup = await WAYS["a passkey"]?.();
    assert.ok(stepup);
    stage.answers[API] = ({ headers }) =>
      headers.get("authorization")?.includes("renewed")
        ? new Response("done")
        : new Response(`${MARK}-answer`, { status: 401, headers: { "www-authenticate": 'Bearer error="invalid_token"' } });
    assert.equal((await send(stepup)).status, 200);
    assert.equal(new URLSearchParams(stage.to(RENEW)[0]?.body).get("refresh_token"), `${MARK}-refresh`);
    keepsSilent(stepup);
  });
});

/** An answer that echoes what it was sent. @type {import("./stage.js").Answer} */
const echoes = ({ body }) => {
  learn(new URLSearchParams(body).get("nonce"));
  return json({ error: "invalid_grant", error_description: `${MARK} ${body}`, error_uri: `https://evil.test/?${body}` }, 400);
};

/** What servers may answer instead, all of it with secrets in it. @type {[string, import("./stage.js").Answer][]} */
const ANSWERS = [
  ["a refusal that echoes the request", echoes],
  ["no JSON", ({ body }) => new Response(`{"access_token": "${MARK}", ${body}`, { headers: { "content-type": "application/json" } })],
  ["HTML", ({ body }) => new Response(`<p>${MARK} ${body}</p>`, { status: 502 })],
  ["values of other types", () => json({ access_token: [`${MARK}`], token_type: { a: MARK }, expires_in: MARK, id_token: { b: MARK } })],
  ["a time that is a text", () => json({ access_token: `${MARK}-high`, token_type: "Bearer", expires_in: `${MARK}` })],
  ["another type of token", () => json({ access_token: `${MARK}-high`, token_type: "MAC" })],
  ["an ID token that is none", () => json({ access_token: `${MARK}-high`, token_type: "Bearer", id_token: `${MARK}-id` })],
  ["one of three parts that is none", () => json({ access_token: `${MARK}-high`, token_type: "Bearer", id_token: `${MARK}.${MARK}.${MARK}` })],
  ["no answer", () => Promise.reject(new TypeError(`${MARK} is unreachable`))],
  ["an ID token for somebody else", ({ body }) => issued(new URLSearchParams(body).get("nonce") ?? sentNonce, { sub: "bob" })],
  ["an ID token with another nonce", () => issued(`${MARK}-nonce`)],
  ["an ID token for another client", ({ body }) => issued(new URLSearchParams(body).get("nonce") ?? sentNonce, { aud: "other" })],
  ["a level too low", ({ body }) => issued(new URLSearchParams(body).get("nonce") ?? sentNonce, { acr: "AL1" })],
];

suite("a failure tells no secret", () => {
  for (const [what, answer] of ANSWERS) {
    test(`t70 of a passkey: ${what}`, async () => {
      for (const at of [OPTIONS, TOKEN]) {
        stage.answers[at] = answer;
        const error = await refusal(send(make({ gate: false })));
        assert.equal(error.name, "StepUpError");
        keepsSilent(error);
        stage.answers[OPTIONS] = () => json({ publicKey: { challenge: "AQID" }, auth_session: `${MARK}-session` });
      }
    });

    test(`t70 of a window: ${what}`, async () => {
      stage.answers[RENEW] = answer;
      const asking = refusal(send(make({ methods: ["popup"] })));
      const end = await comesBack((state) => `code=${MARK}-code&state=${state}`);
      const error = await asking;
      end();
      assert.equal(error.name, "StepUpError");
      keepsSilent(error);
    });

    test(`t70 of a renewal: ${what}`, async () => {
      const stepup = await WAYS["a passkey"]?.();
      assert.ok(stepup);
      stage.answers[RENEW] = answer;
      stage.answers[API] = () =>
        new Response(`${MARK}-answer`, { status: 401, headers: { "www-authenticate": 'Bearer error="invalid_token"' } });
      assert.equal((await send(stepup)).status, 401);
      assert.equal(stage.to(RENEW).length, 1);
      keepsSilent();
    });
  }

  /** @type {[string, (state: string | null) => string][]} */
  const RESPONSES = [
    ["an error that echoes", (state) => `error=server_error&error_description=${MARK}&error_uri=${MARK}&state=${state}`],
    ["a code twice", (state) => `code=${MARK}-code&code=${MARK}-code&state=${state}`],
    ["a code beside an error", (state) => `code=${MARK}-code&error=access_denied&state=${state}`],
  ];
  for (const [what, query] of RESPONSES)
    test(`t70 of a window: ${what}`, async () => {
      const asking = refusal(send(make({ methods: ["popup"] })));
      const end = await comesBack(query);
      const error = await asking;
      end();
      keepsSilent(error);
    });

  test("t70 of keys and metadata that are none", async () => {
    for (const at of [`${ISSUER}/keys`, `${ISSUER}/.well-known/openid-configuration`])
      for (const wrong of [() => json({ keys: [{ kid: MARK, d: MARK }], issuer: MARK }), () => new Response(MARK), () => Promise.reject(new Error(MARK))]) {
        const before = stage.answers[at];
        stage.answers[at] = wrong;
        keepsSilent(await refusal(send(make({ gate: false }))));
        if (before) stage.answers[at] = before;
      }
  });

  test("t70 of a logout and of an abort while secrets are under way", async () => {
    const stepup = make({ methods: ["popup"] });
    const asking = refusal(send(stepup));
    await visited();
    stepup.clear();
    keepsSilent(await asking);
    const caller = new AbortController();
    const aborted = refusal(stepup.fetch(API, { method: "POST", body: `${MARK}-body`, signal: caller.signal }));
    await visited();
    caller.abort("no more");
    keepsSilent(await aborted);
  });

  test("t70 of a challenge that cannot be, and of a loop", async () => {
    stage.answers[API] = () => challenge("AL3", { secret: MARK });
    keepsSilent(await refusal(send(make())));
    stage.answers[API] = () => challenge("x".repeat(9000), { secret: MARK });
    keepsSilent(await refusal(send(make())));
  });
});
