// @ts-check
/** What one step-up costs. */

import { OTHERS, OURS, plot } from "./plots.js";
import { count, figure, table } from "./tables.js";

/**
 * @typedef {{
 *   requests: number, lines: string[], assets: number, roundTrips: number,
 *   challengeToPromptMs: number | null, callToPromptMs: number | null, challengeToWindowMs: number | null,
 *   assertionToRetryMs: number | null, runs: { near: number, far: number },
 * }} Turn
 * @typedef {{ what: string, way: string, peer?: string | null, cold: Turn, warm: Turn }} Contender
 * @typedef {{
 *   contender: string, peer: string, when: string, roundTrips: number, peerRoundTrips: number, fewer: boolean, more: boolean,
 * }} Pair
 * @typedef {{
 *   contenders: Record<string, Contender>, trials?: Record<string, Omit<Contender, "warm"> & { warm?: Turn | null }>, pairs: Pair[], notes?: string[],
 * }} StepUps
 */

const ENGINES = ["chromium", "firefox", "webkit"];

/** How many runs a figure stands on. @param {StepUps[]} all */
const runs = (all) => {
  const turns = all.flatMap(({ contenders }) => Object.values(contenders).flatMap(({ cold, warm }) => [cold, warm]));
  /** @param {(turn: Turn) => number} of */
  const span = (of) => {
    const counts = turns.filter(Boolean).map(of);
    const [least, most] = [Math.min(...counts), Math.max(...counts)];
    return least === most ? `${least}` : `${least} to ${most}`;
  };
  return `Each time is the median of ${span(({ runs }) => runs.near)} runs without delay, after one that is not counted; requests are
what most of these had. Round trips come from ${span(({ runs }) => runs.far)} more with a delay, which go on until three agree to a
fifth of a round trip, or there are seven (two of three with \`--quick\`).`;
};

/** What is done ahead, as pairs of one without it and one with it. @type {[string, string, string, "cold" | "warm"][]} */
const SAVINGS = [
  ["the wasm sent for together with the code around it", "stepup, wasm after the engine", "stepup", "cold"],
  [
    "a connection to the provider, none open, made together with the code",
    "stepup, provider connected when asked", "stepup, provider connected ahead", "cold",
  ],
  ["`preload()` on idle, passkey", "stepup", "stepup, preloaded", "cold"],
  ["`preload()` on idle, options carried", "stepup, carried", "stepup, carried, preloaded", "cold"],
  ["`preload()` on idle, backend", "stepup, backend", "stepup, backend, preloaded", "cold"],
  ["`preload()` on idle, window", "stepup, window", "stepup, window, preloaded", "cold"],
  ["a rule, in the place of a challenge", "stepup", "stepup, rule", "warm"],
  ["options prepared for a rule that is likely next", "stepup, rule", "stepup, rule, prepared", "warm"],
];

/** @param {string[]} there @param {Record<string, StepUps>} engines */
const savings = (there, engines) => {
  const rows = SAVINGS.flatMap(([what, without, withIt, when]) => {
    const of = (/** @type {string} */ engine, /** @type {string} */ name) =>
      (engines[engine].contenders[name] ?? engines[engine].trials?.[name])?.[when];
    const cells = there.flatMap((engine) => {
      const [before, after] = [of(engine, without), of(engine, withIt)];
      const both = (/** @type {(turn: Turn) => number | null} */ what) =>
        before && after ? `${figure(what(before))} → ${figure(what(after))}` : "–";
      return [both(({ roundTrips }) => roundTrips), both((turn) => turn.challengeToWindowMs ?? turn.challengeToPromptMs ?? turn.callToPromptMs)];
    });
    return [[`${what}, ${when}`, ...cells]];
  });
  return `### What is done ahead, without it and with it

In the row about a connection none to the provider is open. The server has a new one take two round trips before
anything is answered, as TCP and TLS 1.3 do, and then carry all requests, as HTTP/2 does.

${table(["what", ...there.flatMap((engine) => [`${engine}, round trips`, "ms to prompt or window"])], rows)}`;
};

/** @param {string[]} there @param {Record<string, StepUps>} engines */
const pairs = (there, engines) => {
  const all = there.flatMap((engine) => (engines[engine].pairs ?? []).map((pair) => ({ ...pair, engine })));
  const keys = [...new Set(all.map(({ contender, when }) => `${contender}, ${when}`))];
  const rows = keys.map((key) => {
    const ours = all.filter(({ contender, when }) => `${contender}, ${when}` === key);
    return [
      key,
      ours[0].peer,
      ...there.map((engine) => {
        const pair = ours.find((one) => one.engine === engine);
        if (!pair) return "–";
        const verdict = pair.fewer ? "fewer" : pair.more ? "**more**" : "as many";
        return `${figure(pair.roundTrips)} : ${figure(pair.peerRoundTrips)}, ${verdict}`;
      }),
    ];
  });
  const sum = (/** @type {(pair: Pair) => boolean} */ like) => all.filter(like).length;
  return `### Each beside who does the very same by hand

Round trips one after the other, ours : by hand. Of ${all.length}, ${sum(({ fewer }) => fewer)} are fewer, ${sum(({ fewer, more }) => !fewer && !more)} as many and ${sum(({ more }) => more)} more.
Whole round trips count. What ours loads after the challenge counts here; what is built by hand is in the page from its start.

${table(["ours", "by hand", ...there], rows)}`;
};

/** @param {Record<string, StepUps>} engines @param {string} plots */
export const stepUpSection = async (engines, plots) => {
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
            figure(turn.challengeToWindowMs),
            figure(turn.assertionToRetryMs),
          ];
        }),
    );
    return `### In ${engine}\n\n${table(["contender", "requests", "files", "round trips", "ms to the prompt", "ms to the window", "ms to the retry"], rows)}`;
  });
  const notes = [...new Set(there.flatMap((engine) => engines[engine].notes ?? []))].map((note) => {
    const of = there.filter((engine) => engines[engine].notes?.includes(note));
    return `- ${of.length < there.length ? `${of.join(", ")}: ` : ""}${note}`;
  });
  const whats = names.map((name) => `- **${name}**: ${first(name).what}`);
  const lines = names.map((name) => `${name}, warm:\n  ${first(name).warm?.lines.join("\n  ") ?? "–"}`);
  return `## What a step-up costs

Against the demo's provider and API, from the click to the answer of the retried request. Requests are counted
at the server, preflights and the page's own files apart; round trips are what an added delay of the server
costs, divided by that delay. Times are the page's own, without the network's and the user's; to the prompt of
a window is until the provider is asked for its page, which is mostly the browser's work.

Cold is the first step-up of a page that was just loaded: its scripts and wasm are fetched and compiled anew,
and nothing of the provider is known; the browser has run before, its connections are open, and it remembers
preflights. Warm is the second step-up of a page, after one to a lower level.

${runs(there.map((engine) => engines[engine]))}

${whats.join("\n")}

![Sequential round trips of a step-up](tests/benchmarks/plots/step-ups.svg)

${numbers.join("\n\n")}

${savings(there, engines)}

${pairs(there, engines)}

<details><summary>The requests of each, as the server saw them</summary>

\`\`\`text
${lines.join("\n\n")}
\`\`\`

</details>
${notes.length ? `\n${notes.join("\n")}\n` : ""}`;
};
