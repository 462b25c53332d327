// @ts-check
/** What one step-up costs. */

import { OTHERS, OURS, plot } from "./plots.js";
import { count, figure, table } from "./tables.js";

/**
 * @typedef {{
 *   requests: number, lines: string[], assets: number, roundTrips: number,
 *   challengeToPromptMs: number | null, callToPromptMs: number | null, assertionToRetryMs: number | null,
 * }} Turn
 * @typedef {{ what: string, way: string, peer?: string | null, cold: Turn, warm: Turn }} Contender
 * @typedef {{ contenders: Record<string, Contender>, notes?: string[] }} StepUps
 */

const ENGINES = ["chromium", "firefox", "webkit"];

/** @param {Record<string, StepUps>} engines @param {string} plots @param {boolean} quick */
export const stepUpSection = async (engines, plots, quick) => {
  const there = ENGINES.filter((engine) => engines[engine]);
  const names = [...new Set(there.flatMap((engine) => Object.keys(engines[engine].contenders)))];
  const first = (/** @type {string} */ name) =>
    /** @type {Contender} */ (there.map((engine) => engines[engine].contenders[name]).find(Boolean));
  const values = names.flatMap((name) =>
    /** @type {const} */ (["cold", "warm"]).map((state) => ({
      name,
      state,
      value: first(name)[state]?.roundTrips ?? 0,
      whose: name.startsWith("stepup") ? "stepup" : "by hand",
    })),
  );
  await plot(`${plots}/step-ups.svg`, {
    title: { text: "Sequential round trips of a step-up", subtitle: `from the click to the answer of the retried request, ${there[0]}; what a page loads for it included` },
    data: { values },
    width: 240,
    height: { step: 22 },
    mark: { type: "bar", height: 13 },
    encoding: {
      column: { field: "state", type: "nominal", title: null, header: { labelFontSize: 11 } },
      y: { field: "name", type: "nominal", sort: names, title: null, axis: { labelLimit: 0 } },
      x: { field: "value", type: "quantitative", title: "round trips" },
      color: { field: "whose", type: "nominal", scale: { domain: ["stepup", "by hand"], range: [OURS, OTHERS] } },
    },
  });
  const numbers = there.map((engine) => {
    const rows = Object.entries(engines[engine].contenders).flatMap(([name, contender]) =>
      /** @type {const} */ (["cold", "warm"])
        .filter((state) => contender[state])
        .map((state) => {
          const turn = contender[state];
          return [
            `${name.startsWith("stepup") ? `**${name}**` : name}, ${state}`,
            count(turn.requests),
            count(turn.assets),
            figure(turn.roundTrips),
            figure(turn.challengeToPromptMs ?? turn.callToPromptMs),
            figure(turn.assertionToRetryMs),
          ];
        }),
    );
    return `### In ${engine}\n\n${table(["contender", "requests", "files", "round trips", "ms to the prompt", "ms to the retry"], rows)}`;
  });
  const notes = [...new Set(there.flatMap((engine) => engines[engine].notes ?? []))].map((note) => `- ${note}`);
  const whats = names.map((name) => `- **${name}**: ${first(name).what}`);
  const lines = names.map((name) => `${name}, warm:\n  ${first(name).warm?.lines.join("\n  ") ?? "–"}`);
  return `## What a step-up costs

Against the demo's provider and API, from the click to the answer of the retried request. Requests are counted
at the server, preflights and the page's own files apart; round trips are what an added delay of the server
costs, divided by that delay. Times are the page's own, without the network's and the user's. Cold is the
first step-up of a page, warm the second.${quick ? " By `--quick`: three runs for each figure, so that a round trip more or less may be chance." : ""}

${whats.join("\n")}

![Sequential round trips of a step-up](tests/benchmarks/plots/step-ups.svg)

${numbers.join("\n\n")}

<details><summary>The requests of each, as the server saw them</summary>

\`\`\`text
${lines.join("\n\n")}
\`\`\`

</details>
${notes.length ? `\n${notes.join("\n")}\n` : ""}`;
};
