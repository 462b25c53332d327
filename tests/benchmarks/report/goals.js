// @ts-check
/** What was to be reached, and what was. */

import { count, figure, table } from "./tables.js";

/** @typedef {{ name: string, goal: number, measured: number, met: boolean }} Goal */

/** @param {{ sizes?: import("./sizes.js").Package, requests?: any, stepUps?: any, scale?: any }} all */
export const goalSection = ({ sizes, requests, stepUps, scale }) => {
  const bytes = (sizes?.budgets ?? []).map(({ name, brotli, goal }) => [
    `${name}, bytes`,
    count(goal),
    count(brotli),
    brotli <= goal ? "met" : "**missed**",
  ]);
  const rest = [requests, stepUps, scale].flatMap((engines) =>
    Object.entries(engines ?? {}).flatMap(([engine, { goals }]) =>
      /** @type {Goal[]} */ (goals ?? []).map(({ name, goal, measured, met }) => [
        `${engine}: ${name}`,
        figure(goal),
        figure(measured),
        met ? "met" : "**missed**",
      ]),
    ),
  );
  const rows = [...bytes, ...rest];
  const missed = rows.filter((row) => row[3] !== "met");
  const head = ["goal", "at most", "measured", ""];
  return `## Goals

${rows.length - missed.length} of ${rows.length} are met.${missed.length ? ` These are not, and [ARCHITECTURE.md](ARCHITECTURE.md#what-was-to-be-reached-and-is-not) says why:\n\n${table(head, missed)}` : ""}

Round trips "at best" are those of what the package offers for the same way of asking, with what it does ahead. Each
beside who does the very same by hand is [further below](#each-beside-who-does-the-very-same-by-hand).

<details><summary>All goals</summary>

${table(head, rows)}

</details>`;
};
