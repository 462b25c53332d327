/** What is to be reached, and whether it is. */

/** What a peer's request is compared with: the same done by ours. @type {[RegExp, string][]} */
const SAME = [
  [/, not its own$/, "stepup installed, not ours"],
  [/ with DPoP$/, "stepup, ours, with DPoP"],
  [/ with a token$/, "stepup, ours, with a token"],
  [/^(axios|ky)$/, "stepup, not ours"],
];

/** @param {Record<string, { microseconds: number, overMicroseconds: number }>} costs over the stub */
export const goalsOf = (costs) => {
  const over = (/** @type {string} */ name, /** @type {string} */ base, /** @type {number} */ goal) => {
    const measured = Number((costs[name].microseconds - costs[base].microseconds).toPrecision(3));
    return { name: `${name}: over ${base}, in µs`, goal, measured, met: measured <= goal };
  };
  const within = [
    over("stepup, not ours", "native", 0.3),
    over("stepup, not ours, relative", "native, relative", 0.3),
    over("stepup, not ours, URL", "native, URL", 0.3),
    over("stepup, not ours, Request", "native, Request", 0.3),
    over("stepup installed, not ours", "native", 0.3),
    over("stepup, ours, unchallenged, signed out", "native", 5),
    over("stepup, ours, unchallenged, session's token", "native", 5),
    over("stepup, ours, with a token", "native", 5),
    over("stepup installed, ours, with a token", "native", 5),
  ];
  const versus = Object.keys(costs)
    .filter((name) => !/^(stepup|native|one )/.test(name))
    .flatMap((name) => {
      const ours = SAME.find(([like]) => like.test(name))?.[1] ?? "";
      const [goal, measured] = [costs[name].microseconds, costs[ours].microseconds];
      return [{ name: `${ours}: no slower than ${name}, in µs`, goal, measured, met: measured <= goal }];
    });
  return [...within, ...versus];
};
