/** What one request costs, by whomever it is sent: over a network that answers at once, and over loopback. */

import { answerBy, networks } from "./network.js";
import { goalsOf } from "./goals.js";
import { cryptography, native, ours } from "./ours.js";
import { peers } from "./peers.js";
import { headerOf, plugIn } from "./provider.js";
import { measure } from "./rounds.js";

const url = `${location.origin}/bench/answer.json`;

/** Whether what it sends is what it is said to send. @param {import("./ours.js").Contender} contender */
const check = async ({ name, call, carries, proves, network }) => {
  if (network === "none") return;
  /** @type {{ authorization: string | null, proof: string | null }[]} */
  const sent = [];
  answerBy((input, init) => {
    sent.push({ authorization: headerOf(input, init), proof: headerOf(input, init, "dpop") });
    return networks.stubbed(input, init);
  });
  await call();
  if (sent.length !== 1) throw new Error(`${name} has sent ${sent.length} requests`);
  const [{ authorization, proof }] = sent;
  if (authorization !== carries) throw new Error(`${name} has sent ${authorization} as Authorization`);
  if (!!proof !== !!proves) throw new Error(`${name} has sent ${proof} as DPoP`);
};

/** @param {{ quick: boolean, tell: (text: string) => void }} how */
const run = async ({ quick, tell }) => {
  /** @type {string[]} */
  const notes = [];
  plugIn();
  const contenders = [...native(url), ...(await ours(url)), ...(await cryptography())];
  for (const make of peers) {
    try {
      const made = await make(url);
      for (const one of made) await check(one);
      contenders.push(...made);
    } catch (error) {
      notes.push(`${make.name} could not be measured: ${error}`);
    }
  }
  for (const one of contenders) await check(one);
  answerBy(networks.stubbed);
  const { costs: stubbed, over } = await measure(contenders, { ...(quick ? { millis: 20, rounds: 5 } : { millis: 30, rounds: 50 }), tell });
  answerBy(networks.loopback);
  const far = contenders.filter(({ network }) => network === undefined);
  const { costs: loopback } = await measure(far, { ...(quick ? { millis: 20, rounds: 5 } : { millis: 150, rounds: 15 }), tell });
  return { stubbed, loopback, notes, goals: goalsOf(Object.keys(stubbed), over) };
};

const bench = {
  /** What is being done. */
  told: "",
  /** @type {unknown} */
  result: undefined,
  /** @type {string | undefined} */
  error: undefined,
  /** @param {{ quick: boolean }} how */
  start: ({ quick }) => {
    const tell = (/** @type {string} */ text) => void (bench.told = text);
    run({ quick, tell }).then(
      (result) => (bench.result = result),
      (error) => (bench.error = `${error}\n${error?.stack}\n${error?.cause ?? ""}`),
    );
  },
};
Object.assign(globalThis, { bench });
