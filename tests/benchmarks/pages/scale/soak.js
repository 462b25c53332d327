/** Two hundred thousand requests by one instance, of all kinds, in groups that are under way together. */

import { answerBy } from "../requests/network.js";
import { HIGH, challenge, grant, headerOf, plugIn, settings, user, withProvider } from "../requests/provider.js";
import { pass, pause, references, timers, wasmBytes } from "./probes.js";

/** @typedef {{ requests: number, wasmBytes: number, references: number, heap: import("./waiters.js").Heap }} Sample */

const APIS = Array.from({ length: 40 }, (_, n) => `https://api${n}.example`);
const GROUP = 20;
/**
 * From one group to the next, in milliseconds. What an API has caused is remembered for a minute: that has a few
 * step-ups then, not all there are, and what is kept for a time is let go many times while this goes on.
 */
const PACE = 1000;

/**
 * @param {number} count @param {import("./waiters.js").Create} createStepUp
 * @param {() => Promise<import("./waiters.js").Heap>} heap @param {(text: string) => void} tell
 */
export const soak = async (count, createStepUp, heap, tell) => {
  plugIn();
  const stepup = createStepUp({ ...settings, apis: APIS });
  // An app may give all its requests the same signal, for as long as it lives.
  const { signal } = new AbortController();
  const ok = new Response(null);
  let sent = 0;
  /** Demands that are still to be met, by address, and what was refused there. @type {Map<string, string | null>} */
  const demands = new Map();
  answerBy(
    withProvider(async (input, init) => {
      sent += 1;
      const url = input instanceof Request ? input.url : String(input);
      const authorization = headerOf(input, init) ?? "";
      const refused = demands.get(url);
      if (refused === undefined || (refused !== null && authorization.includes(HIGH) && authorization !== refused)) {
        demands.delete(url);
        return ok;
      }
      // Whatever token it came with, the next one must be newer.
      demands.set(url, authorization);
      return challenge(", max_age=0");
    }),
  );
  let [stepUps, ensured, answered, errors] = [0, 0, 0, /** @type {string[]} */ ([])];
  user.prompts = 0;

  /** @param {number} n */
  const one = async (n) => {
    const api = APIS[n % APIS.length];
    if (n % 500 === 250) {
      ensured += 1;
      await stepup.ensure({ acr: "AL3", maxAge: 0 });
      return ok;
    }
    if (n % 500 === 0) {
      // One in five of these tokens expires while the soak goes on.
      grant({ each: true, expiresIn: stepUps % 5 ? 36_000 : 1 });
      const url = `${APIS[stepUps % APIS.length]}/high/${n}`;
      demands.set(url, null);
      stepUps += 1;
      return stepup.fetch(url);
    }
    switch (n % 4) {
      case 0:
        return stepup.fetch(`https://elsewhere.example/${n}`);
      case 1:
        return stepup.fetch(`${api}/things/${n}`, { signal });
      case 2:
        return stepup.fetch(`${api}/things`, { method: "POST", body: `${n}`, headers: { "Content-Type": "text/plain" }, signal });
      default:
        return stepup.fetch(new Request(`${api}/things/${n}`, { headers: { "X-Number": `${n}` } }));
    }
  };

  /** @type {Sample[]} */
  const samples = [];
  const step = count / 10;
  const began = performance.now();
  let [looked, paced] = [0, 0];
  const sample = async (/** @type {number} */ requests) => {
    const before = performance.now();
    await pause(100);
    samples.push({ requests, wasmBytes: wasmBytes(), references: references(), heap: await heap() });
    tell(`${requests} of ${count} requests`);
    looked += performance.now() - before;
  };
  await sample(0);
  for (let done = 0; done < count; ) {
    const group = Array.from({ length: GROUP }, (_, n) => one(done + n));
    for (const result of await Promise.allSettled(group)) {
      if (result.status === "fulfilled" && result.value.ok) answered += 1;
      else errors.push(String(result.status === "rejected" ? result.reason : result.value.status));
    }
    done += GROUP;
    pass(PACE);
    paced += PACE;
    if (done % step < GROUP) await sample(done);
  }
  const millis = performance.now() - began - looked - paced;
  await pause(1200);
  return {
    requests: count,
    answered,
    errors: errors.slice(0, 10),
    errorCount: errors.length,
    sent,
    prompts: user.prompts,
    challenged: stepUps,
    ensured,
    microsecondsPerRequest: (millis * 1000) / count,
    samples,
    ...slopes(samples),
    timersLeft: timers().map(({ kind, after }) => `${kind} ${after}`),
  };
};

/** @param {Sample[]} samples */
const slopes = (samples) => {
  // What is made once, and what engines make of code that runs often, is there in the first half. The second is
  // so long that a byte left by each request is a page of wasm memory, or two.
  const settled = samples.slice(5);
  /** Least squares. @param {(sample: typeof samples[number]) => number} of */
  const slope = (of) => {
    const mean = (/** @type {number[]} */ all) => all.reduce((sum, one) => sum + one, 0) / all.length;
    const [x, y] = [mean(settled.map(({ requests }) => requests)), mean(settled.map(of))];
    const above = settled.reduce((sum, one) => sum + (one.requests - x) * (of(one) - y), 0);
    return above / settled.reduce((sum, one) => sum + (one.requests - x) ** 2, 0);
  };
  const known = settled.every(({ heap }) => heap);
  return {
    wasmBytesPerRequest: slope(({ wasmBytes }) => wasmBytes),
    referencesLeft: settled[settled.length - 1].references - settled[0].references,
    heapBytesPerRequest: known ? slope(({ heap }) => (heap?.js ?? 0) + (heap?.dom ?? 0)) : null,
  };
};
