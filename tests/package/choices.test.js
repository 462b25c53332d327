/** The app's own gate: what it is shown, and what each choice does. */

import assert from "node:assert/strict";
import { beforeEach, suite, test } from "node:test";

import { ISSUER, OPTIONS, TOKEN, provider, tokens } from "./issuer.js";
import { APP, Asking, Stage, assertion, built, challenge, json, refusal, until } from "./stage.js";

/** @type {typeof import("../../src/js/index.d.ts")} */
const { createStepUp } = await import(built);

const API = "https://api.example/transfers";

/** @typedef {import("../../src/js/index.d.ts").StepUpOptions} StepUpOptions */
/** @typedef {import("../../src/js/index.d.ts").GateChoice} GateChoice */

/** @type {Stage} */
let stage;
/** @type {Asking} */
let gate;

const METHODS = ["passkey", "popup"];
const base = { origin: ISSUER, methods: METHODS };

beforeEach(() => {
  stage = new Stage();
  gate = new Asking();
  stage.answers = {
    ...provider(),
    [API]: ({ headers }) => (headers.get("authorization") === "Bearer high" ? new Response("done") : challenge()),
  };
});

/** @param {Partial<StepUpOptions>} [options] */
const make = (options) =>
  stage.watch(
    createStepUp({
      apis: ["https://api.example"],
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

/** The user says no to the passkey, the given number of times. @param {number} times */
const refuses = (times) => {
  let left = times;
  stage.authenticator = async ({ publicKey }) => {
    if ((left -= 1) >= 0) throw new DOMException("no", "NotAllowedError");
    return { toJSON: () => assertion(`for-${publicKey.challenge}`) };
  };
};

/** An authenticator, and a token endpoint, that answer when they are told to. */
const slowly = () => {
  /** @type {{ signal?: AbortSignal, request?: AbortSignal, confirm: () => void, answer: () => void }} */
  const hands = { confirm: () => {}, answer: () => {} };
  stage.authenticator = ({ publicKey, signal }) => {
    hands.signal = signal;
    return new Promise((resolve) => {
      hands.confirm = () => resolve({ toJSON: () => assertion(`for-${publicKey.challenge}`) });
    });
  };
  stage.answers[TOKEN] = ({ body }, signal) =>
    new Promise((resolve, reject) => {
      hands.request = signal;
      signal.addEventListener("abort", () => reject(signal.reason));
      hands.answer = () => resolve(tokens({ nonce: new URLSearchParams(body).get("nonce") }));
    });
  return hands;
};

/** A choice within a click of the user's. @param {GateChoice} choice */
const click = (choice) => {
  stage.activation.isActive = true;
  gate.choose(choice);
};

suite("an own gate, after a click long ago,", () => {
  beforeEach(() => {
    stage.activation.isActive = false;
  });

  test("t38 is asked to choose, then sees the wait and the work, and is closed", async () => {
    const hands = slowly();
    const asking = make().fetch(API, { stepup: { reason: "Pay <b>25</b>" } });
    assert.deepEqual(await gate.shows("choose"), { ...base, state: "choose", reason: "Pay <b>25</b>" });
    assert.deepEqual(stage.ceremonies, []);
    click("passkey");
    assert.deepEqual(await gate.shows("waiting"), { ...base, state: "waiting", reason: "Pay <b>25</b>" });
    await until(() => stage.ceremonies.length);
    hands.confirm();
    assert.deepEqual(await gate.shows("busy"), { ...base, state: "busy", reason: "Pay <b>25</b>" });
    await until(() => stage.to(TOKEN).length);
    hands.answer();
    assert.equal((await asking).status, 200);
    assert.equal(gate.closed, 1);
    assert.deepEqual(gate.states, ["choose", "waiting", "busy"]);
    const prompts = stage.events.filter(({ type }) => type === "prompt").map(({ detail }) => [detail.method, detail.shown]);
    assert.deepEqual(prompts, [["passkey", "button"], ["passkey", "dialog"]]);
  });

  test("opens the window before choose(\"popup\") returns", async () => {
    const asking = refusal(make().fetch(API));
    await gate.shows("choose");
    click("popup");
    assert.equal(stage.opened.length, 1);
    await until(() => stage.opened[0]?.url.startsWith(`${ISSUER}/authorize?`), "the window on its way");
    assert.equal(gate.closed, 1);
    assert.deepEqual(stage.ceremonies, []);
    const url = new URL(String(stage.opened[0]?.url));
    const { end } = await stage.callback(`/stepup/callback.html?state=${url.searchParams.get("state")}&error=access_denied&iss=${ISSUER}`);
    assert.equal((await asking).code, "cancelled");
    end();
  });

  test("that is none, as `gate: false`, leaves it to the browser's own dialog", async () => {
    assert.equal((await make({ gate: false }).fetch(API)).status, 200);
    assert.equal(stage.ceremonies.length, 1);
  });

  test("cancel is cancelled, and what is not offered does nothing", async () => {
    const asking = refusal(make({ methods: ["passkey"] }).fetch(API));
    assert.deepEqual((await gate.shows("choose")).methods, ["passkey"]);
    for (const choice of /** @type {const} */ (["retry", "another", "continue", "popup", "open"])) click(choice);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual([stage.ceremonies, stage.opened, gate.closed], [[], [], 0]);
    click("cancel");
    assert.equal((await asking).code, "cancelled");
    assert.equal(gate.closed, 1);
    click("passkey");
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(stage.ceremonies, []);
  });
});

suite("a passkey that came to nothing", () => {
  test("t42 is shown with its code; retry asks again, and nothing does so by itself", async () => {
    refuses(2);
    const asking = make().fetch(API);
    assert.deepEqual(await gate.shows("failed"), { ...base, state: "failed", error: "passkey_refused" });
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(stage.ceremonies.length, 1);
    click("retry");
    await until(() => stage.ceremonies.length === 2 && gate.states.at(-1) === "failed");
    click("retry");
    assert.equal((await asking).status, 200);
    assert.deepEqual(gate.states, ["failed", "busy", "waiting", "failed", "busy", "waiting", "busy"]);
    assert.equal(gate.closed, 1);
  });

  test("another shows the ways there are, and each of them works", async () => {
    refuses(1);
    const asking = make().fetch(API);
    await gate.shows("failed");
    click("another");
    assert.deepEqual(await gate.shows("choose"), { ...base, state: "choose" });
    click("passkey");
    assert.equal((await asking).status, 200);
    assert.equal(stage.ceremonies.length, 2);

    refuses(1);
    gate = new Asking();
    const stepup = make({ gate: gate.option });
    const again = refusal(stepup.fetch(API));
    await gate.shows("failed");
    click("another");
    await gate.shows("choose");
    click("popup");
    assert.equal(stage.opened.length, 1);
    await until(() => stage.opened[0]?.url);
    assert.equal(gate.closed, 1);
    assert.equal(stage.ceremonies.length, 3);
    stepup.clear();
    assert.equal((await again).code, "session_changed");
    assert.equal(stage.opened[0]?.closed, true);
  });

  test("cancel gives the failure's own code, with the response unread and the browser's exception", async () => {
    refuses(1);
    const asking = refusal(make().fetch(API));
    await gate.shows("failed");
    click("cancel");
    const { code, response, cause } = await asking;
    assert.deepEqual([code, response.bodyUsed, cause.name], ["passkey_refused", false, "NotAllowedError"]);
    assert.equal(stage.opened.length, 0);
  });

  test("t39 that cannot be had in this browser leaves the other ways only", async () => {
    stage.authenticator = () => Promise.reject(new DOMException("no", "NotSupportedError"));
    const stepup = make();
    const asking = refusal(stepup.fetch(API));
    assert.deepEqual(await gate.shows("choose"), { state: "choose", origin: ISSUER, methods: ["popup"] });
    click("open");
    assert.equal(stage.opened.length, 1);
    await until(() => stage.opened[0]?.url);
    stepup.clear();
    assert.equal((await asking).code, "session_changed");
  });

  test("where there is no other way, another shows what there is", async () => {
    refuses(1);
    const asking = make({ methods: ["passkey"] }).fetch(API);
    assert.deepEqual((await gate.shows("failed")).methods, ["passkey"]);
    click("another");
    await gate.shows("choose");
    click("passkey");
    assert.equal((await asking).status, 200);
  });
});

suite("while the passkey is waited for", () => {
  beforeEach(() => {
    stage.activation.isActive = false;
  });

  test("another ends the ceremony and shows the ways; its late answer is dropped", async () => {
    const hands = slowly();
    const asking = make().fetch(API);
    await gate.shows("choose");
    click("passkey");
    await until(() => stage.ceremonies.length);
    const { signal, confirm } = hands;
    click("another");
    assert.equal((await gate.shows("choose")).error, undefined);
    assert.equal(signal?.aborted, true);
    confirm();
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(stage.to(TOKEN), []);
    click("passkey");
    await until(() => stage.ceremonies.length === 2);
    hands.confirm();
    await until(() => stage.to(TOKEN).length);
    hands.answer();
    assert.equal((await asking).status, 200);
  });

  test("cancel ends it at once, and the work as well", async () => {
    for (const state of ["waiting", "busy"]) {
      stage.activation.isActive = false;
      gate = new Asking();
      const hands = slowly();
      const asking = refusal(make({ gate: gate.option }).fetch(API));
      await gate.shows("choose");
      const before = stage.ceremonies.length;
      click("passkey");
      await until(() => stage.ceremonies.length > before);
      if (state === "busy") hands.confirm();
      await gate.shows(state);
      if (state === "busy") await until(() => hands.request);
      click("cancel");
      assert.equal((await asking).code, "cancelled", state);
      assert.equal((hands.request ?? hands.signal)?.aborted, true, state);
      assert.equal(gate.closed, 1);
    }
  });
});

suite("a window that may be gone", () => {
  const lose = async () => {
    const asking = make({ methods: ["popup"] }).fetch(API);
    await until(() => stage.opened[0]?.url);
    const [first] = /** @type {[import("./stage.js").Popup]} */ (stage.opened);
    first.closed = true;
    assert.deepEqual(await gate.shows("lost"), { state: "lost", origin: ISSUER, methods: ["popup"] });
    return { asking, first };
  };

  test("t37 is gone to, opened again with the same request, or given up", async () => {
    const { asking, first } = await lose();
    let focused = 0;
    first.focus = () => (focused += 1);
    click("continue");
    assert.deepEqual([focused, gate.closed], [1, 0]);
    click("open");
    assert.equal(stage.opened.length, 2);
    assert.equal(stage.opened[1]?.url, first.url);
    assert.equal(gate.closed, 1);
    const state = new URL(first.url).searchParams.get("state");
    const { end } = await stage.callback(`/stepup/callback.html?state=${state}&error=access_denied&iss=${ISSUER}`);
    assert.equal((await refusal(asking)).code, "cancelled");
    end();
  });

  test("cancel is cancelled", async () => {
    const { asking } = await lose();
    click("cancel");
    assert.equal((await refusal(asking)).code, "cancelled");
  });
});

suite("the gate of one call", () => {
  beforeEach(() => refuses(1));

  test("goes before the instance's, for fetch and for ensure", async () => {
    const stepup = make();
    /** @type {((gate: import("../../src/js/index.d.ts").OwnGate) => Promise<unknown>)[]} */
    const ways = [
      (own) => stepup.ensure({ acr: "AL3", gate: own, reason: "Mine" }),
      (own) => make().fetch(API, { stepup: { gate: own, reason: "Mine" } }),
    ];
    for (const way of ways) {
      const other = new Asking();
      refuses(1);
      const asking = refusal(way(other.option));
      assert.equal((await other.shows("failed")).reason, "Mine");
      other.choose("cancel");
      assert.equal((await asking).code, "passkey_refused");
      assert.equal(other.closed, 1);
    }
    assert.deepEqual(gate.models, []);
  });

  test("may be none where the instance has one, and one where the instance has none", async () => {
    assert.equal((await refusal(make().ensure({ acr: "AL3", gate: false }))).code, "passkey_refused");
    assert.deepEqual(gate.models, []);
    refuses(1);
    const asking = make({ gate: false }).fetch(API, { stepup: { gate: gate.option } });
    await gate.shows("failed");
    click("retry");
    assert.equal((await asking).status, 200);
  });

  test("is over with that call: the next one has the instance's again", async () => {
    const other = new Asking();
    const stepup = make();
    const one = refusal(stepup.ensure({ acr: "AL3", gate: other.option }));
    await other.shows("failed");
    other.choose("cancel");
    await one;
    refuses(1);
    const two = refusal(stepup.ensure({ acr: "AL3" }));
    await gate.shows("failed");
    assert.equal(other.models.length, 1);
    gate.choose("cancel");
    await two;
  });

  test("may answer at once, as a plain confirm() would, and is asked anew the next time", async () => {
    /** @type {string[]} */
    let asked = [];
    let open = 0;
    let retries = 0;
    /** @type {import("../../src/js/index.d.ts").OwnGate} */
    const own = (model, choose) => {
      const answer = (/** @type {import("../../src/js/index.d.ts").GateModel} */ { state }) => {
        asked.push(state);
        if (state === "failed") choose((retries -= 1) >= 0 ? "retry" : "cancel");
      };
      open += 1;
      answer(model);
      return { update: answer, close: () => (open -= 1) };
    };
    refuses(9);
    const stepup = make({ gate: own });
    for (const [times, expect] of /** @type {[number, string[]][]} */ ([
      [1, ["failed", "busy", "waiting", "failed"]],
      [0, ["failed"]],
      [0, ["failed"]],
    ])) {
      [asked, retries] = [[], times];
      assert.equal((await refusal(stepup.ensure({ acr: "AL3" }))).code, "passkey_refused");
      assert.deepEqual([asked, open], [expect, 0]);
    }
  });

  test("that throws when it is to show something else is reported, and the step-up goes on", async () => {
    /** @type {unknown[]} */
    const reported = [];
    Object.assign(globalThis, { reportError: (/** @type {unknown} */ error) => reported.push(error) });
    const oops = new Error("oops");
    /** @type {(choice: GateChoice) => void} */
    let choose = () => {};
    const asking = make({
      gate: (_, given) => {
        choose = given;
        return { update: () => { throw oops; }, close: () => { throw oops; } };
      },
    }).fetch(API);
    await until(() => stage.ceremonies.length);
    await new Promise((resolve) => setTimeout(resolve, 20));
    choose("retry");
    assert.equal((await asking).status, 200);
    assert.ok(reported.length >= 2 && reported.every((error) => error === oops));
  });
});

test("a backend's origin is named where it is not the page's own, and none where it has no login", async () => {
  stage.answers[`${APP}/o`] = () => json({ challenge: "AQID" });
  for (const [bff, origin] of /** @type {[import("../../src/js/index.d.ts").Backend, string][]} */ ([
    [{ login: "https://bff.example/login" }, "https://bff.example"],
    // The page's own is no provider's.
    [{ login: "/login" }, ""],
    [{}, ""],
  ])) {
    refuses(1);
    gate = new Asking();
    const asking = refusal(make({ bff: { ...bff, passkey: { options: "/o", verify: "/v" } }, gate: gate.option }).fetch(API));
    assert.equal((await gate.shows("failed")).origin, origin);
    click("cancel");
    await asking;
  }
});
