/** Renewal with each fault on the wire: the answer that there was is the caller's, and the refresh token waits. */

import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";

import { Bank, LIMITED, until } from "./bank.js";
import { settled } from "./cell.js";
import { FAULTS } from "./faults.js";

/** Answers that are a server's own word that there is no token: the refresh token is given up. */
const FINAL = ["a list", "an object with nothing in it"];

/** @type {Bank} */
let bank;
before(async () => {
  bank = await Bank.open();
});
after(() => bank.close());

suite("a renewal", () => {
  for (const { name, end, fault, begins } of FAULTS) {
    const outcome = end === "harmless" ? "is renewed" : FINAL.includes(name) ? "is asked for anew" : "is renewed next time";
    test(`${name}: ${outcome}`, LIMITED, async () => {
      bank.anew();
      const { origin } = bank.provider;
      const passkey = { options: `${origin}/passkey/options`, token: `${origin}/passkey/token` };
      const stepup = bank.make({ passkey, renew: true });
      assert.equal(await (await stepup.fetch(bank.transfers)).text(), "done");
      for (const server of [bank.provider, bank.api]) server.forget();
      bank.revoked.add("AL3-1");
      bank.arrived.length = 0;
      void bank.bytesRead;

      bank.provider.faults["/token"] = fault;
      // All that wait are told.
      const sending = ["a", "b"].map((body) => settled(stepup.fetch(bank.transfers, { method: "POST", body })));
      if (end === "endless") {
        await until(() => bank.provider.to("/token").length, "the fault");
        if (begins) await until(() => bank.arrived.includes("/token"), "the head");
        if (begins === "body") await until(() => bank.bytesRead, "the body");
        let over = false;
        Promise.all(sending).then(() => (over = true));
        // The second may be refused when the first is over.
        await until(() => (bank.expire(), over), "the end");
      }
      for (const { response, error } of await Promise.all(sending)) {
        const renewed = outcome === "is renewed";
        assert.deepEqual([response?.status, response?.bodyUsed], [renewed ? 200 : 401, false], `${error}`);
        assert.equal(await response?.text(), renewed ? "done" : "revoked");
      }
      // One for both, or one for each where the first had ended before the second was refused.
      assert.ok(bank.provider.to("/token").length <= 2);
      assert.equal(bank.stage.ceremonies.length, 1);
      await until(() => bank.clocks === 0, "no clock");
      await until(() => bank.provider.wires.every(({ open }) => !open), "no connection");

      bank.heal();
      const next = await settled(stepup.fetch(bank.transfers));
      assert.equal(await next.response?.text(), "done", `${next.error}`);
      const refreshed = bank.provider.to("/token").map(({ body }) => new URLSearchParams(body).get("refresh_token"));
      assert.deepEqual(refreshed, outcome === "is renewed next time" ? ["r1"] : []);
      assert.equal(bank.stage.ceremonies.length, outcome === "is asked for anew" ? 2 : 1);
    });
  }
});
