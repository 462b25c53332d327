/** One step with one fault: how it ends, and that nothing is lost by it. */

import assert from "node:assert/strict";

import { until } from "./bank.js";
import { ELSEWHERE } from "./faults.js";

/** What the SDK reads of one answer at most, in bytes, and the last piece of it that was too much. */
const LONGEST = 1_048_576 + 131_072;
/** What lies between a server and the SDK: the buffers of the system and of Node. */
const BUFFERS = 24 << 20;

/** @param {Promise<Response>} asking @returns {Promise<{ response?: Response, error?: any }>} */
export const settled = (asking) => asking.then((response) => ({ response }), (error) => ({ error }));

/**
 * Asks for what demands more while `step` has this fault. It must end with `code`, or well if that is
 * `done`; then everybody is honest again, and it must go well.
 * @param {import("./bank.js").Bank} bank
 * @param {import("./steps.js").Step} step
 * @param {import("./server.js").Fault} fault
 * @param {string} code
 * @param {{ endless?: boolean, begins?: "head" | "body", most?: number }} [how]
 */
export const ends = async (bank, step, fault, code, { endless, begins, most = step.most } = {}) => {
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
  if (endless) {
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
    assert.deepEqual(await error.response.json(), { demand: "AL3" });
  }
  // Not sent again, unless there was something new to send it with; and before with what there was.
  const sent = bank.api.to("/transfers").map(({ headers }) => headers["authorization"]);
  const before = step.holds ? `Bearer ${held}` : server === bank.api && !bank.described ? undefined : "Bearer low";
  assert.equal(sent[0], before);
  assert.equal(sent.length, code === "done" || code === "loop_detected" ? 2 : 1);
  // The requests are told of, without more than their address.
  const told = bank.told.filter(({ target }) => target === step.target);
  assert.ok(told.length >= 1 && told.every(({ url }) => url === server.origin + step.path), JSON.stringify(told));
  // No storm of requests, no redirect followed, and no more read than there may be.
  const asked = server.to(step.path).length;
  assert.ok(asked <= most, `${asked} requests`);
  assert.equal(told.length, asked);
  assert.deepEqual(server.to(ELSEWHERE), []);
  const { bytesRead } = bank;
  assert.ok(bytesRead < LONGEST, `${bytesRead} bytes read`);
  for (const { taken } of server.wires) assert.ok(taken < BUFFERS, `${taken} bytes taken`);
  // No clock runs, and no connection is open, where nobody waits.
  await until(() => bank.clocks === 0, "no clock");
  await until(() => server.wires.every(({ open }) => !open), "no connection");

  // What was held is held, and used.
  assert.equal(stepup.token({ acr: "AL2" }), held);
  const other = await (await stepup.fetch(`${bank.api.origin}/other`)).text();
  if (code !== "done") assert.equal(other, before ?? "");

  // An honest server, and it goes on as ever; keys that were not there are looked for again after a minute.
  bank.heal();
  if (code === "key_unknown") bank.wait(61);
  const next = await settled(stepup.fetch(bank.transfers));
  assert.equal(await next.response?.text(), "done", `${next.error}`);
};
