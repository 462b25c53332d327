/** The API itself: a challenge that is not what it should be, and a retry that goes wrong. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { after, before, beforeEach, suite, test } from "node:test";

import { Bank, LIMITED, until } from "./bank.js";
import { settled } from "./cell.js";
import { FAULTS } from "./faults.js";

/** @type {Bank} */
let bank;
before(async () => {
  bank = await Bank.open();
});
after(() => bank.close());
beforeEach(() => bank.anew());

/** @typedef {import("./server.js").Fault} Fault */

const CHALLENGE = 'Bearer error="insufficient_user_authentication", acr_values="AL3"';

/** @param {Partial<import("../../src/js/index.d.ts").StepUpOptions>} [options] */
const make = (options) => {
  const { origin } = bank.provider;
  return bank.make({ passkey: { options: `${origin}/passkey/options`, token: `${origin}/passkey/token` }, ...options });
};

const carried = () => bank.api.to("/transfers").map(({ headers }) => headers["authorization"]);

/** The first time this, then the honest answer. @param {Fault} fault @returns {Fault} */
const first = (fault) => {
  let asked = 0;
  return async (wire, honest) => ((asked += 1) === 1 ? fault(wire, honest) : wire.send(await honest()));
};

/** The honest answer, then this. @param {Fault} fault @returns {Fault} */
const then = (fault) => {
  let asked = 0;
  return async (wire, honest) => ((asked += 1) === 1 ? wire.send(await honest()) : fault(wire, honest));
};

/** A challenge with a body of its own. @param {[string, string][]} headers @param {(wire: import("./server.js").Wire) => unknown} body @returns {Fault} */
const demands = (headers, body) => async (wire) => {
  await wire.head(401, [["WWW-Authenticate", CHALLENGE], ...headers]);
  await body(wire);
};

/** @param {import("./server.js").Wire} wire */
const drips = async (wire) => {
  while (wire.open) {
    await wire.chunk(new Uint8Array([32]));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
};
/** @param {import("./server.js").Wire} wire */
const floods = async (wire) => {
  while (wire.open) await wire.chunk(new Uint8Array(65_536).fill(32));
};

const JSON_TYPE = /** @type {[string, string]} */ (["Content-Type", "application/json"]);
const CHUNKED = /** @type {[string, string]} */ (["Transfer-Encoding", "chunked"]);

/** Bodies of a challenge. @type {[string, [string, string][], (wire: import("./server.js").Wire) => unknown][]} */
const BODIES = [
  ["breaks off", [JSON_TYPE, ["Content-Length", "100"]], async (wire) => (await wire.write('{"passkey":'), wire.end())],
  ["does not begin", [JSON_TYPE, ["Content-Length", "100"]], () => {}],
  ["drips without an end", [JSON_TYPE, CHUNKED], drips],
  ["is a flood without an end", [JSON_TYPE, CHUNKED], floods],
  ["is half a character", [JSON_TYPE, ["Content-Length", "1"]], async (wire) => (await wire.write(new Uint8Array([0xff])), wire.end())],
  ["is no gzip", [JSON_TYPE, ["Content-Encoding", "gzip"], ["Content-Length", "2"]], async (wire) => (await wire.write("{}"), wire.end())],
];

suite("a challenge whose body", () => {
  for (const passkeyServer of [false, true])
    for (const [name, headers, body] of BODIES)
      test(`${name} is as good as another${passkeyServer ? ", and carries no options" : ""}`, LIMITED, async () => {
        const stepup = make({ apis: [{ origin: bank.api.origin, passkeyServer }] });
        bank.api.faults["/transfers"] = first(demands(headers, body));
        void bank.bytesRead;
        const sending = settled(stepup.fetch(bank.transfers));
        if (passkeyServer && /begin|drips/.test(name)) {
          await until(() => bank.clocks, "the time limit");
          bank.expire();
        }
        const { response, error } = await sending;
        assert.equal(await response?.text(), "done", `${error}`);
        assert.equal(bank.provider.to("/passkey/options").length, 1);
        assert.deepEqual(carried(), ["Bearer low", "Bearer AL3-1"]);
        // What nobody gets is not loaded, and its connection is given back.
        await until(() => bank.api.wires.every(({ open }) => !open), "no connection");
        assert.ok(bank.bytesRead < 65_536 + 131_072);
      });

  test("drips is the caller's where the step-up fails, to read or to end", LIMITED, async () => {
    const stepup = make();
    bank.api.faults["/transfers"] = demands([JSON_TYPE, CHUNKED], drips);
    bank.provider.faults["/passkey/token"] = (wire) => wire.reset();
    const { error } = await settled(stepup.fetch(bank.transfers));
    assert.equal(error.code, "provider_unreachable");
    const reader = error.response.body.getReader();
    assert.equal((await reader.read()).value[0], 32);
    await reader.cancel();
    await until(() => bank.api.wires.every(({ open }) => !open), "no connection");
  });
});

suite("a challenge", () => {
  for (const [name, headers, expect] of /** @type {[string, [string, string][], string][]} */ ([
    ["said twice is one", [["WWW-Authenticate", CHALLENGE], ["WWW-Authenticate", CHALLENGE]], "done"],
    ["beside a malformed one is understood", [["WWW-Authenticate", 'Bearer realm="'], ["WWW-Authenticate", CHALLENGE]], "401"],
    ["behind another scheme is understood", [["WWW-Authenticate", "Negotiate YWJj=="], ["WWW-Authenticate", CHALLENGE]], "done"],
    ["from a cache is understood", [["WWW-Authenticate", CHALLENGE], ["Age", "86400"], ["Warning", '110 - "stale"']], "done"],
    ["of a thousand levels is refused", [["WWW-Authenticate", `Bearer error="insufficient_user_authentication", acr_values="${"a ".repeat(1000)}"`]], "challenge_rejected"],
    ["without an error is none", [["WWW-Authenticate", 'Bearer acr_values="AL3"']], "401"],
  ]))
    test(name, LIMITED, async () => {
      bank.api.faults["/transfers"] = first((wire) => wire.send({ status: 401, headers, body: Buffer.from("demand") }));
      const { response, error } = await settled(make().fetch(bank.transfers));
      if (expect === "done") assert.equal(await response?.text(), "done", `${error}`);
      else {
        assert.equal(error?.code ?? `${response?.status}`, expect, `${error}`);
        assert.equal(await (error?.response ?? response).text(), "demand");
        assert.deepEqual(carried(), ["Bearer low"]);
      }
    });

  for (const status of [200, 400, 404, 500])
    test(`with status ${status} is none: the answer passes`, LIMITED, async () => {
      const headers = /** @type {[string, string][]} */ ([["WWW-Authenticate", CHALLENGE]]);
      bank.api.faults["/transfers"] = (wire) => wire.send({ status, headers, body: Buffer.from("as it is") });
      const { response } = await settled(make().fetch(bank.transfers));
      assert.deepEqual([response?.status, await response?.text()], [status, "as it is"]);
      assert.deepEqual(carried(), ["Bearer low"]);
    });
});

suite("a retry", () => {
  /** What `fetch` itself rejects with, or gives. @type {Record<string, "fails" | "breaks off">} */
  const PLAIN = {
    "a connection that is reset at once": "fails",
    "a connection that is closed at once": "fails",
    "something that is not HTTP": "fails",
    "a head that breaks off": "fails",
    "a head of a megabyte": "fails",
    "two lengths that differ": "fails",
    "a body shorter than its length": "breaks off",
    "a whole body whose length says more": "breaks off",
    "a reset in the middle of the body": "breaks off",
    "gzip that is none": "breaks off",
  };
  for (const { name, fault } of FAULTS.filter(({ name }) => name in PLAIN))
    test(`that meets ${name} ${PLAIN[name]} as fetch does, is not sent again, and its token is kept`, LIMITED, async () => {
      const stepup = make();
      bank.api.faults["/transfers"] = then(fault);
      const { response, error } = await settled(stepup.fetch(bank.transfers, { method: "POST", body: "amount=1" }));
      const broken = PLAIN[name] === "fails" ? error : (await settled(/** @type {any} */ (response).text())).error;
      assert.ok(broken instanceof TypeError, `${broken}`);
      assert.deepEqual(carried(), ["Bearer low", "Bearer AL3-1"]);
      assert.equal(bank.stage.events.filter(({ type }) => type === "settled").length, 1);
      bank.heal();
      assert.equal(await (await stepup.fetch(bank.transfers)).text(), "done");
      assert.deepEqual(carried(), ["Bearer AL3-1"]);
      assert.equal(bank.stage.ceremonies.length, 1);
    });

  test("that is never answered is the caller's to end, and its token is kept", LIMITED, async () => {
    const stepup = make();
    bank.api.faults["/transfers"] = then((wire) => void wire.write("HTTP/1.1 200 OK\r\n"));
    const caller = new AbortController();
    const sending = settled(stepup.fetch(bank.transfers, { signal: caller.signal }));
    await until(() => carried().length === 2, "the retry");
    caller.abort("enough");
    assert.equal((await sending).error, "enough");
    await until(() => bank.api.wires.every(({ open }) => !open), "no connection");
    bank.heal();
    assert.equal(await (await stepup.fetch(bank.transfers)).text(), "done");
    assert.deepEqual(carried(), ["Bearer AL3-1"]);
  });

  test("whose body never ends is the caller's at once", LIMITED, async () => {
    bank.api.faults["/transfers"] = then(async (wire) => {
      await wire.head(200, [JSON_TYPE, CHUNKED]);
      await drips(wire);
    });
    const { response } = await settled(make().fetch(bank.transfers));
    assert.equal(response?.status, 200);
    await response?.body?.cancel();
    await until(() => bank.api.wires.every(({ open }) => !open), "no connection");
  });

  for (const [name, answer, code] of /** @type {[string, Fault, string][]} */ ([
    ["challenged once more", demands([["Content-Length", "5"]], (wire) => wire.write("again")), "loop_detected"],
    ["challenged beyond all bounds", (wire) => wire.send({
      status: 401,
      headers: [["WWW-Authenticate", `Bearer error="insufficient_user_authentication", acr_values="${"a ".repeat(1000)}"`]],
      body: Buffer.from("again"),
    }), "challenge_rejected"],
  ]))
    test(`that is ${name} ends with ${code}, is told of, and its token is kept`, LIMITED, async () => {
      const stepup = make();
      bank.api.faults["/transfers"] = then(answer);
      const { error } = await settled(stepup.fetch(bank.transfers));
      assert.equal(error?.code, code, `${error}`);
      assert.equal(await error.response.text(), "again");
      assert.deepEqual(carried(), ["Bearer low", "Bearer AL3-1"]);
      // It is over for the core too.
      const told = bank.stage.events.filter(({ type }) => type === "settled");
      assert.equal(told.length, 1, JSON.stringify(told));
      bank.heal();
      assert.equal(await (await stepup.fetch(bank.transfers)).text(), "done");
      assert.deepEqual(carried(), ["Bearer AL3-1"]);
    });

  for (const status of [204, 403, 404, 429, 500, 503])
    test(`that is answered with ${status} has its answer`, LIMITED, async () => {
      bank.api.faults["/transfers"] = then((wire) => wire.send({ status, headers: [["Retry-After", "1"]], body: Buffer.alloc(0) }));
      const { response } = await settled(make().fetch(bank.transfers));
      assert.equal(response?.status, status);
      assert.deepEqual(carried(), ["Bearer low", "Bearer AL3-1"]);
    });
});
