/** Each step with each fault on the wire. */

import { after, before, suite, test } from "node:test";

import { Bank, LIMITED } from "./bank.js";
import { ends } from "./cell.js";
import { FAULTS } from "./faults.js";
import { STEPS } from "./steps.js";

/** @type {Bank} */
let bank;
before(async () => {
  bank = await Bank.open();
});
after(() => bank.close());

for (const step of STEPS)
  suite(step.name, () => {
    for (const { name, end, fault, begins } of FAULTS) {
      const endless = end === "endless";
      const common = { unreachable: "provider_unreachable", endless: "timed_out", harmless: "done", own: undefined }[end];
      const code = step.own[name] ?? step.rest ?? common;
      test(`${name}: ${code}`, LIMITED, () => ends(bank, step, fault, `${code}`, { endless, begins }));
    }
  });
