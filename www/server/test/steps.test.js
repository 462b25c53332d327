import assert from "node:assert/strict";
import { test } from "node:test";
import { validIban } from "../ledger.js";
import { answer, demandOf, lowest } from "../levels.js";

const NOW = 1_000_000;
const proof = (/** @type {string} */ level, age = 0) => ({ level, at: NOW - age, amr: [level] });

/**
 * @param {Parameters<typeof demandOf>[0]} params
 * @param {ReturnType<typeof proof>[]} held
 * @param {ReturnType<typeof proof>[]} [made]
 */
function answers(params, held, made = []) {
  const found = answer(demandOf(params), held, made, NOW);
  return found && `${found.acr} ${found.amr[0]} ${NOW - found.at}`;
}

test("the answer is the strongest proof that satisfies all of the demand", () => {
  const both = [proof("AL1", 5), proof("AL3", 600)];
  assert.equal(answers({}, both), "AL3 AL3 600");
  assert.equal(answers({ max_age: "60" }, both), "AL1 AL1 5");
  assert.equal(answers({ acr_values: "AL3" }, both), "AL3 AL3 600");
  assert.equal(answers({ acr_values: "AL3", max_age: "60" }, both), undefined);
  assert.equal(answers({ acr_values: "AL2" }, both), "AL2 AL3 600");
  assert.equal(answers({ acr_values: "AL2 AL3" }, both), "AL3 AL3 600");
  assert.equal(answers({ acr_values: "AL9 AL1" }, both), "AL1 AL3 600");
  assert.equal(answers({ acr_values: "AL9" }, both), undefined);
});

test("prompt=login takes only what was proved in the interaction", () => {
  assert.equal(answers({ prompt: "login" }, [proof("AL3")]), undefined);
  assert.equal(answers({ prompt: "login" }, [proof("AL3")], [proof("AL1")]), "AL1 AL1 0");
});

test("what was proved in the interaction is fresh, however long the rest of it took", () => {
  assert.equal(answers({ max_age: "1" }, [], [proof("AL2", 30)]), "AL2 AL2 30");
});

test("an essential claim outweighs acr_values, a voluntary one asks for nothing", () => {
  const claims = (/** @type {object} */ acr) => JSON.stringify({ id_token: { acr } });
  assert.deepEqual(demandOf({ claims: claims({ essential: true, values: ["AL2"] }), acr_values: "AL1" }).acr, ["AL2"]);
  assert.deepEqual(demandOf({ claims: claims({ values: ["AL2"] }) }).acr, []);
  assert.deepEqual(demandOf({ claims: claims({ essential: true }), acr_values: "AL1" }).acr, []);
  assert.equal(lowest({ acr: ["AL3", "AL2"], anew: false }), 1);
});

test("an IBAN is told from a mistyped one", () => {
  for (const iban of ["DE89370400440532013000", "GB82WEST12345698765432", "NO9386011117947"]) assert.ok(validIban(iban), iban);
  for (const iban of ["DE88370400440532013000", "de89370400440532013000", "DE89", "", "DE8937040044053201300Ä"]) assert.ok(!validIban(iban), iban);
});
