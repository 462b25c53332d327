// @ts-check
/** On what the figures were measured, and when. */

import { count } from "./tables.js";

/**
 * @typedef {{ date: string, system: string, processor: string, cores: number, memory: string, rustc: string, node: string }} Machine
 * @typedef {Record<string, { version: string, quick: boolean, on: Machine }>} Engines
 */

/** @param {Machine} on */
const machine = ({ date, system, processor, cores, rustc, node }) =>
  `${date}: ${system}, ${processor}, ${count(cores)} cores; ${rustc}, Node ${node}`;

/**
 * One sentence where all figures are of one machine and day, a list where they are not.
 * @param {Record<string, Engines | undefined>} parts
 */
export const measured = (parts) => {
  const all = Object.entries(parts).flatMap(([part, engines]) =>
    Object.entries(engines ?? {}).map(([engine, { version, quick, on }]) => ({
      part,
      engine: `${engine} ${version}`,
      where: `${machine(on)}${quick ? ", by `--quick`: a few runs for each figure" : ""}`,
    })),
  );
  const wheres = [...new Set(all.map(({ where }) => where))];
  const engines = (/** @type {typeof all} */ some) => [...new Set(some.map(({ engine }) => engine))].join(", ");
  if (wheres.length < 2) return all.map(({ where }) => `Measured on ${where}; ${engines(all)}.`).slice(0, 1).join("");
  const lines = wheres.flatMap((where) =>
    Object.keys(parts).flatMap((part) => {
      const some = all.filter((one) => one.where === where && one.part === part);
      return some.length ? [`- ${part}: ${engines(some)}, on ${where}`] : [];
    }),
  );
  return `The figures are of more than one day, machine or kind of run:\n\n${lines.join("\n")}\n`;
};
