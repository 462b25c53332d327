/** The limits of requests: their time, for all of one, for all who wait, and whoever does not hear of it; and memory. */

import assert from "node:assert/strict";
import { after, before, beforeEach, suite, test } from "node:test";

import { Bank, LIMITED, until } from "./bank.js";
import { ends, settled } from "./cell.js";
import { FAULTS } from "./faults.js";
import { STEPS } from "./steps.js";

/** @type {Bank} */
let bank;
before(async () => {
  bank = await Bank.open();
});
after(() => bank.close());
beforeEach(() => bank.anew());

suite("the time limit of a request", () => {
  for (const step of STEPS) {
    test(`${step.name}: what comes after it changes nothing, even where the page's fetch does not hear of it`, LIMITED, async () => {
      const server = step.at(bank);
      const { fetch } = globalThis;
      // A wrapper of the app's that makes a request of its own.
      globalThis.fetch = async (input, init) => {
        const { url, method, headers, body } = new Request(/** @type {any} */ (input), init);
        return fetch(url, { method, headers, body: body && (await new Response(body).text()) });
      };
      const stepup = bank.make(step.options(bank));
      if (step.holds) await stepup.ensure({ acr: "AL2" });
      const held = stepup.token({ acr: "AL2" });
      server.forget();
      bank.api.forget();
      bank.stage.events.length = 0;
      let release = () => {};
      const released = new Promise((resolve) => (release = () => resolve(undefined)));
      server.faults[step.path] = async (wire, honest) => {
        await released;
        await wire.send(await honest());
      };
      const all = ["a", "b", "c"].map((body) => settled(stepup.fetch(bank.transfers, { method: "POST", body })));
      const challenged = () => bank.stage.events.filter(({ type }) => type === "challenge").length;
      await until(() => server.to(step.path).length && challenged() === 3, "the fault");
      bank.expire();
      for (const { error } of await Promise.all(all)) {
        assert.equal(error?.code, "timed_out", `${error}`);
        assert.deepEqual(await error.response.json(), { demand: "AL3" });
      }
      // What had left before may still be on its way.
      await new Promise((resolve) => setTimeout(resolve, 20));
      bank.stage.events.length = 0;
      const asked = bank.provider.seen.length;
      release();
      await until(() => server.wires.every(({ open }) => !open), "the late answer");
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.deepEqual(bank.stage.events, []);
      assert.equal(bank.provider.seen.length, asked);
      assert.equal(bank.api.to("/transfers").length, 3);
      assert.equal(stepup.token({ acr: "AL3" }), undefined);
      assert.equal(stepup.token({ acr: "AL2" }), held);
      assert.equal(bank.clocks, 0);
      bank.heal();
      assert.equal(await (await stepup.fetch(bank.transfers)).text(), "done");
    });
  }

  test("may be a fraction of a second", LIMITED, async () => {
    const { origin } = bank.provider;
    const passkey = { options: `${origin}/passkey/options`, token: `${origin}/passkey/token` };
    const slow = (/** @type {number} */ millis) => async (/** @type {any} */ wire, /** @type {any} */ honest) => {
      await new Promise((resolve) => setTimeout(resolve, millis));
      await wire.send(await honest());
    };
    bank.provider.faults["/passkey/options"] = slow(20);
    const patient = bank.make({ passkey, requestTimeout: 0.9 });
    assert.equal(await (await patient.fetch(bank.transfers)).text(), "done");
    bank.provider.faults["/passkey/options"] = slow(2000);
    const began = performance.now();
    const hasty = bank.make({ passkey, requestTimeout: 0.05 });
    // Its metadata may be as late.
    const { error } = await settled(hasty.fetch(bank.transfers));
    assert.equal(error?.code, "timed_out", `${error}`);
    assert.ok(performance.now() - began < 1900);
  });

  for (const requestTimeout of [0, -1, NaN])
    test(`cannot be ${requestTimeout}`, LIMITED, async () => {
      const { error } = await settled(bank.make({ requestTimeout }).fetch(bank.transfers));
      assert.equal(error?.code, "configuration_invalid", `${error}`);
    });
});

suite("the memory of a page", () => {
  const [step] = /** @type {[import("./steps.js").Step]} */ (STEPS.filter(({ name }) => name === "the assertion endpoint"));
  const used = () => {
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  for (const { name, fault } of FAULTS.filter(({ name }) => /hundred|without an end|bomb/.test(name) && !/drips|nesting/.test(name)))
    test(`does not grow with ${name}`, LIMITED, async () => {
      const before = used();
      let most = 0;
      const look = setInterval(() => (most = Math.max(most, used() - before)), 1);
      for (let again = 0; again < 3; again += 1) await ends(bank, step, fault, "provider_unreachable");
      clearInterval(look);
      assert.ok(most > 0 && most < 64 << 20, `${most} bytes`);
    });
});
