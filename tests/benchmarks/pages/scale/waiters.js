/** Many requests that are challenged at the same time: one prompt for all of them. */

import { answerBy } from "../requests/network.js";
import { HIGH, challenge, grant, headerOf, plugIn, settings, user, withProvider } from "../requests/provider.js";
import { pause, timers, wasmBytes } from "./probes.js";

/**
 * @typedef {typeof import("/stepup/index.js").createStepUp} Create
 * @typedef {{ js: number, dom: number } | null} Heap in bytes, after a collection; null where no engine tells
 */

/** @param {number} count @param {Create} createStepUp @param {() => Promise<Heap>} heap */
export const wait = async (count, createStepUp, heap) => {
  const api = "https://api.example";
  const stepup = createStepUp({ ...settings, apis: [api] });
  const enough = `Bearer ${HIGH}`;
  const ok = new Response(null);
  let sent = 0;
  answerBy(
    withProvider(async (input, init) => {
      sent += 1;
      return headerOf(input, init) === enough ? ok : challenge();
    }),
  );
  grant();
  // The user says yes when all of them wait: those that come later would be served at once.
  let challenged = 0;
  /** @type {(value?: unknown) => void} */
  let allWait = () => {};
  const waiting = new Promise((resolve) => (allWait = resolve));
  stepup.addEventListener("challenge", () => (challenged += 1) === count && allWait());
  let yes = () => {};
  plugIn(() => new Promise((resolve) => (yes = () => resolve(undefined))));
  user.prompts = 0;

  const [wasmBefore, heapBefore] = [wasmBytes(), await heap()];
  const began = performance.now();
  const sending = Array.from({ length: count }, (_, n) => stepup.fetch(`${api}/things/${n}?n=${n}`));
  await waiting;
  // The prompt is asked for by then; its authenticator is reached a few turns later.
  while (!user.prompts) await pause(1);
  const beforeLook = performance.now();
  const [wasm, heaped] = [wasmBytes(), await heap()];
  const looked = performance.now() - beforeLook;
  yes();
  const answers = await Promise.all(sending);
  const millis = performance.now() - began - looked;
  await pause(50);
  const left = timers().map(({ kind, after }) => `${kind} ${after}`);
  return {
    requests: count,
    prompts: user.prompts,
    answered: answers.filter(({ ok }) => ok).length,
    sent,
    millis,
    microsecondsPerWaiter: (millis * 1000) / count,
    wasmBytes: wasm,
    wasmBytesPerWaiter: (wasm - wasmBefore) / count,
    heapBytesPerWaiter: heaped && heapBefore ? (heaped.js + heaped.dom - heapBefore.js - heapBefore.dom) / count : null,
    timersLeft: left,
  };
};
