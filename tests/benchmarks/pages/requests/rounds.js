/** Rounds in which every contender has a batch, in an order that changes. */

/** One request after the other. @param {() => Promise<unknown>} call @param {number} count */
const batch = async (call, count) => {
  const began = performance.now();
  for (let done = 0; done < count; done += 1) await call();
  return performance.now() - began;
};

/** How many calls take this long. Whoever is called so often is warm. @param {() => Promise<unknown>} call @param {number} millis */
const countFor = async (call, millis) => {
  await batch(call, 20);
  for (let count = 16; ; count *= 2) {
    // A clock may be as coarse as a millisecond, and a pause of the engine's own must not count.
    let took = Infinity;
    for (let again = 0; again < 3 && took >= millis / 4; again += 1) took = Math.min(took, await batch(call, count));
    if (took >= millis / 4) return Math.max(1, Math.ceil((count * millis) / took));
  }
};

/** @template T @param {T[]} all @returns {T[]} */
const shuffled = (all) => {
  const left = [...all];
  for (let at = left.length - 1; at > 0; at -= 1) {
    const other = Math.floor(Math.random() * (at + 1));
    [left[at], left[other]] = [left[other], left[at]];
  }
  return left;
};

/** @param {number[]} numbers @param {number} [part] */
export const median = (numbers, part = 0.5) => {
  const sorted = [...numbers].sort((a, b) => a - b);
  const at = (sorted.length - 1) * part;
  const [low, high] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return low + (high - low) * (at - Math.floor(at));
};

const rounded = (/** @type {number} */ number) => Number(number.toPrecision(4));

/** @typedef {(name: string, base: string) => number} Over how much more one costs than another */

/**
 * What each call costs. The first contender is what the others are compared with, round by round.
 * @param {import("./ours.js").Contender[]} contenders
 * @param {{ millis: number, rounds: number, tell: (text: string) => void }} how
 */
export const measure = async (contenders, { millis, rounds, tell }) => {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const { name, call } of contenders) {
    tell(`warming ${name}`);
    const count = await countFor(call, millis);
    // As many as somebody's before who is about as fast: on a busy machine a batch begins more slowly than it goes on.
    const alike = [...counts.values()].find((other) => count < other * 2 && other < count * 2);
    counts.set(name, alike ?? count);
  }
  /** @type {Map<string, number[]>} */
  const costs = new Map(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    tell(`round ${round + 1} of ${rounds}`);
    for (const { name, call } of shuffled(contenders)) {
      const count = counts.get(name) ?? 1;
      costs.get(name)?.push(((await batch(call, count)) * 1000) / count);
    }
  }
  const of = (/** @type {string} */ name) => costs.get(name) ?? [];
  const differences = (/** @type {string} */ name, /** @type {string} */ base) =>
    of(name).map((cost, round) => cost - of(base)[round]);
  const first = contenders[0].name;
  const summary = Object.fromEntries(
    [...costs].map(([name, all]) => {
      const over = differences(name, first);
      return [
        name,
        {
          microseconds: rounded(median(all)),
          overMicroseconds: rounded(median(over)),
          overQuartiles: [rounded(median(over, 0.25)), rounded(median(over, 0.75))],
          ratio: rounded(median(all.map((cost, round) => cost / of(first)[round]))),
          runs: (counts.get(name) ?? 1) * rounds,
          rounds,
        },
      ];
    }),
  );
  return {
    costs: summary,
    /**
     * By the median of the rounds' own differences: what else the machine does meanwhile slows down both, where a
     * median of each may be of another time. @type {Over}
     */
    over: (name, base) => rounded(median(differences(name, base))),
  };
};
