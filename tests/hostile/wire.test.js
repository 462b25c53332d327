/** Each step with each fault on the wire: how it ends, and that nothing is lost by it. */

import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";

import { Bank, until } from "./bank.js";
import { ELSEWHERE, FAULTS } from "./faults.js";
import { STEPS } from "./steps.js";

/** What the SDK reads of one answer at most, in bytes; the last piece may be more than is left. */
const LONGEST = 1_048_576;
/** What lies between a server and the SDK: the buffers of the system and of Node. */
const BUFFERS = 24 << 20;

/** @param {Promise<Response>} asking @returns {Promise<{ response?: Response, error?: any }>} */
const settled = (asking) => asking.then((response) => ({ response }), (error) => ({ error }));

/** @type {Bank} */
let bank;
before(async () => {
  bank = await Bank.open();
});
after(() => bank.close());

for (const step of STEPS)
  suite(step.name, () => {
    for (const { name, end, fault, begins } of FAULTS) {
      const own = step.own[name];
      const code =
        end === "unreachable" ? "provider_unreachable" : end === "endless" ? "timed_out" : end === "harmless" ? "done" : own;

      test(`${name}: ${code}`, async () => {
        bank.anew();
        const server = step.at(bank);
        const stepup = bank.make(step.options(bank));
        if (step.holds) await stepup.ensure({ acr: "AL2" });
        const held = stepup.token({ acr: "AL2" });
        assert.equal(held, step.holds ? "AL2-1" : undefined);
        server.forget();
        bank.stage.events.length = 0;
        bank.arrived.length = 0;
        void bank.bytesRead;

        server.faults[step.path] = fault;
        const asking = settled(stepup.fetch(bank.transfers, { method: "POST", body: "amount=1" }));
        if (end === "endless") {
          await until(() => server.to(step.path).length, "the fault");
          if (begins) await until(() => bank.arrived.includes(step.path), "the head");
          if (begins === "body") await until(() => bank.bytesRead, "the body");
          bank.expire();
        }
        const { response, error } = await asking;

        if (code === "done") assert.equal(await response?.text(), "done", `${error}`);
        else {
          assert.equal(error?.code, code, `${error}`);
          // The original response, unread.
          assert.deepEqual([error.response.status, error.response.bodyUsed], [401, false]);
          assert.match(error.response.headers.get("www-authenticate"), /AL3/);
          if (code !== "loop_detected") {
            assert.deepEqual(await error.response.json(), { demand: "AL3" });
            // Not sent again, and with the token that there was.
            const sent = bank.api.to("/transfers").map(({ headers }) => headers["authorization"]);
            const with_ = step.holds ? `Bearer ${held}` : step.at(bank) === bank.api ? undefined : "Bearer low";
            assert.deepEqual(sent, [with_]);
          }
        }
        // The request is told of, without more than its address.
        const told = bank.told.filter(({ target }) => target === step.target);
        assert.ok(told.length >= 1 && told.every(({ url }) => url === server.origin + step.path), JSON.stringify(told));
        // No storm of requests, no redirect followed, and no more read than there may be.
        assert.ok(server.to(step.path).length <= step.most, `${server.to(step.path).length} requests`);
        assert.deepEqual(server.to(ELSEWHERE), []);
        assert.ok(bank.bytesRead < LONGEST + 131_072);
        for (const { taken } of server.wires) assert.ok(taken < BUFFERS, `${taken} bytes`);
        // No clock runs, and no connection is open, where nobody waits.
        await until(() => bank.clocks === 0, "no clock");
        await until(() => server.wires.every(({ open }) => !open), "no connection");

        // What was held is held, and used.
        assert.equal(stepup.token({ acr: "AL2" }), held);
        const other = await (await stepup.fetch(`${bank.api.origin}/other`)).text();
        if (step.holds && code !== "done") assert.equal(other, `Bearer ${held}`);

        // An honest server, and it goes on as ever.
        bank.heal();
        const next = await settled(stepup.fetch(bank.transfers));
        assert.equal(await next.response?.text(), "done", `${next.error}`);
      });
    }
  });
