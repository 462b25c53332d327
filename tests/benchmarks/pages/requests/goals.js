/** What is to be reached, and whether it is. */

/** What a peer's request is compared with: the same done by ours. @type {[RegExp, string][]} */
const SAME = [
  [/, not its own$/, "stepup installed, not ours"],
  [/ with DPoP$/, "stepup, ours, with DPoP"],
  [/ with a token$/, "stepup, ours, with a token"],
  [/^(axios|ky)$/, "stepup, not ours"],
];

/**
 * @param {string[]} names who was measured over the stub
 * @param {import("./rounds.js").Over} over
 */
export const goalsOf = (names, over) => {
  const within = (/** @type {string} */ name, /** @type {string} */ base, /** @type {number} */ goal) => {
    const measured = over(name, base);
    return { name: `${name}: over ${base}, in µs`, goal, measured, met: measured <= goal };
  };
  const versus = names
    .filter((name) => !/^(stepup|native|one )/.test(name))
    // No slower than what does the same.
    .map((name) => within(SAME.find(([like]) => like.test(name))?.[1] ?? "", name, 0));
  return [
    within("stepup, not ours", "native", 0.3),
    within("stepup, not ours, relative", "native, relative", 0.3),
    within("stepup, not ours, URL", "native, URL", 0.3),
    within("stepup, not ours, Request", "native, Request", 0.3),
    within("stepup installed, not ours", "native", 0.3),
    within("stepup, ours, unchallenged, signed out", "native", 5),
    within("stepup, ours, unchallenged, session's token", "native", 5),
    within("stepup, ours, with a token", "native", 5),
    within("stepup, ours, with a token, Request", "native, Request", 5),
    within("stepup installed, ours, with a token", "native", 5),
    ...versus,
  ];
};
