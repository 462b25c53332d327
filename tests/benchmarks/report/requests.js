// @ts-check
/** What one request costs in each engine. */

import { OTHERS, OURS, plot } from "./plots.js";
import { count, figure, table } from "./tables.js";

/**
 * @typedef {{ microseconds: number, overMicroseconds: number, ratio: number, runs: number, rounds: number }} Cost
 * @typedef {{ stubbed: Record<string, Cost>, loopback: Record<string, Cost>, notes?: string[] }} Requests
 */

const ENGINES = ["chromium", "firefox", "webkit"];
/** Those that are shown in the plot. */
const SHOWN = /^(stepup, not ours|stepup, ours, with a token|auth0.* with a token|oauth4webapi.* with a token|axios with a token|ky with a token|supertokens.* with a token|axios|ky)$/;

/** @param {Record<string, Requests>} engines @param {"stubbed" | "loopback"} over */
const costs = (engines, over) => {
  const there = ENGINES.filter((engine) => engines[engine]);
  /** `fetch` itself first, then ours. @param {string} name */
  const rank = (name) => (name.startsWith("native") ? 0 : name.startsWith("stepup") ? 1 : 2);
  const names = [...new Set(there.flatMap((engine) => Object.keys(engines[engine][over])))].sort(
    (a, b) => rank(a) - rank(b),
  );
  return table(
    ["request by", ...there.flatMap((engine) => [`${engine}, µs`, "× native"])],
    names.map((name) => [
      name.startsWith("stepup") ? `**${name}**` : name,
      ...there.flatMap((engine) => {
        const cost = engines[engine][over][name];
        return [figure(cost?.microseconds), figure(cost?.ratio)];
      }),
    ]),
  );
};

/** How many runs the figures stand on. @param {Record<string, Requests>} engines @param {"stubbed" | "loopback"} over */
const standing = (engines, over) => {
  const all = Object.values(engines).flatMap((engine) => Object.values(engine[over]));
  const rounds = [...new Set(all.map(({ rounds }) => rounds))].join(" or ");
  return `${rounds} rounds, ${count(Math.min(...all.map(({ runs }) => runs)))} requests or more for each`;
};

/** @param {Record<string, Requests>} engines @param {string} plots */
export const requestSection = async (engines, plots) => {
  const there = ENGINES.filter((engine) => engines[engine]);
  const values = there.flatMap((engine) =>
    Object.entries(engines[engine].stubbed)
      .filter(([name]) => SHOWN.test(name))
      .map(([name, { microseconds }]) => ({ engine, name, value: microseconds, whose: name.startsWith("stepup") ? "stepup" : "others" })),
  );
  const names = [...new Set(values.map(({ name }) => name))];
  await plot(`${plots}/requests.svg`, {
    title: { text: "What a request costs beside the network", subtitle: "µs, median, over a fetch that answers at once; each mark ten times the one before" },
    data: { values },
    mark: { type: "point", filled: true, size: 90 },
    width: 520,
    height: { step: 26 },
    encoding: {
      y: { field: "name", type: "nominal", sort: names, title: null, axis: { labelLimit: 0, grid: true } },
      x: { field: "value", type: "quantitative", scale: { type: "log" }, title: "µs" },
      shape: { field: "engine", type: "nominal", scale: { domain: ENGINES } },
      color: { field: "whose", type: "nominal", scale: { domain: ["stepup", "others"], range: [OURS, OTHERS] } },
    },
  });
  const notes = there.flatMap((engine) => (engines[engine].notes ?? []).map((note) => `- ${engine}: ${note}`));
  return `## What a request costs

All contenders in one page, taking turns in an order that is drawn anew each round; the median of all rounds.
Where a goal compares two of them, it is by the median of their differences, round by round.
First over a \`fetch\` that answers at once, so that nothing but their own work is measured (${standing(engines, "stubbed")}):

![What a request costs beside the network](tests/benchmarks/plots/requests.svg)

${costs(engines, "stubbed")}

The same over loopback (${standing(engines, "loopback")}). What lies between the contenders is less there than what lies
between one round and the next, so no goal is judged by it:

${costs(engines, "loopback")}
${notes.length ? `\n${notes.join("\n")}\n` : ""}`;
};
