/** Many requests at once, many after one another, and what is left of them. */

import { pause, timers } from "./probes.js";
import { soak } from "./soak.js";
import { wait } from "./waiters.js";

/** @param {{ quick: boolean }} how */
const run = async ({ quick }) => {
  // Not before what keeps an eye on it.
  const { createStepUp } = await import("/stepup/index.js");
  // First: memory that many have left free would hide what leaks.
  const soaked = await soak(quick ? 20_000 : 200_000, createStepUp, heap, (text) => (bench.told = text));
  const idle = timers().map(({ kind, after, by }) => `${kind} ${after}\n${by}`);
  bench.told = "warming";
  for (const count of [10, 100, 100]) await wait(count, createStepUp, heap);
  const waiters = [];
  for (const count of quick ? [10, 100, 1000] : [10, 100, 1000, 10_000]) {
    bench.told = `${count} waiters`;
    waiters.push(await wait(count, createStepUp, heap));
    await pause(200);
  }
  return { waiters, soak: soaked, idle };
};

/** Asks whoever drives this page for the size of its heap, after a collection. @returns {Promise<import("./waiters.js").Heap>} */
const heap = () =>
  new Promise((resolve) => {
    bench.wants = "heap";
    bench.give = (value) => {
      bench.wants = "";
      resolve(value);
    };
  });

const bench = {
  told: "",
  /** What is waited for. */
  wants: "",
  /** @type {(value: import("./waiters.js").Heap) => void} */
  give: () => {},
  /** @type {unknown} */
  result: undefined,
  /** @type {string | undefined} */
  error: undefined,
  /** @param {{ quick: boolean }} how */
  start: (how) => {
    run(how).then(
      (result) => (bench.result = result),
      (error) => (bench.error = `${error}\n${error?.stack}\n${error?.cause ?? ""}`),
    );
  },
};
Object.assign(globalThis, { bench });
