// @ts-check
/** What is fetched, in bytes: the package by moments, and what a user would pick instead. */

import { LATER, OTHERS, OURS, bars, plot } from "./plots.js";
import { count, kB, table } from "./tables.js";

/**
 * @typedef {{ raw: number, gzip: number, brotli: number }} Sizes
 * @typedef {{ name: string } & Sizes} Named
 * @typedef {{
 *   files: Named[], moments: { name: string, parts: Named[] }[],
 *   budgets: (Named & { most: number, goal: number })[],
 * }} Package
 * @typedef {{ peer: string, packages: { name: string, version: string }[], note: string } & Sizes} Peer
 */

const sizesOf = (/** @type {Sizes} */ { raw, gzip, brotli }) => [count(raw), count(gzip), count(brotli)];
const HEAD = ["raw", "gzip 9", "brotli 11"];

/** What a page start costs, and all that a step-up needs. @param {Package} sizes */
export const most = ({ budgets: [start, , , popup, backend] }) => ({ start, popup, backend });

/** @param {Peer} peer */
const nameOf = ({ packages }) => packages.map(({ name, version }) => `${name} ${version}`).join(" + ");

/** @param {Package} sizes @param {Peer[]} peers @param {string} plots */
export const sizeSection = async ({ files, moments, budgets }, peers, plots) => {
  const [start, , , popup, backend] = budgets;
  const ours = [
    { name: "stepup: passkey at the app's backend", all: backend.brotli },
    { name: "stepup: popup with OpenID Connect", all: popup.brotli },
  ];
  const rows = [
    ...ours.flatMap(({ name, all }) => [
      { name, value: start.brotli / 1000, part: "stepup, before the page starts", order: 0, label: `${kB(start.brotli)} + ${kB(all - start.brotli)}` },
      { name, value: (all - start.brotli) / 1000, part: "stepup, later", order: 1 },
    ]),
    ...peers.map(({ peer, brotli }) => ({ name: peer, value: brotli / 1000, part: "others, before the page starts", order: 0, label: kB(brotli) })),
  ];
  await plot(
    `${plots}/size.svg`,
    bars({
      title: "What is fetched, and when",
      subtitle: "kB, brotli 11, minified; what each of the others leaves to the app is in the table",
      unit: "kB",
      rows,
      parts: [
        { name: "stepup, before the page starts", color: OURS },
        { name: "stepup, later", color: LATER },
        { name: "others, before the page starts", color: OTHERS },
      ],
    }),
  );
  return `## Size

Minified by esbuild; sizes in bytes. What a script imports statically counts with it, once.

![What is fetched, and when](tests/benchmarks/plots/size.svg)

${table(
  ["what", ...HEAD, "budget", "goal"],
  budgets.map((one) => [one.name, ...sizesOf(one), count(one.most), one.brotli <= one.goal ? `${count(one.goal)}, met` : `${count(one.goal)}, **missed**`]),
)}

The tests fail when a budget is passed. By moment:

${table(
  ["moment", ...HEAD],
  moments.flatMap(({ name, parts }) => parts.map((part) => [`${name}: \`${part.name}\``, ...sizesOf(part)])),
)}

The entry that a user of something else would write for a step-up, bundled by esbuild, all of it before
the page starts:

${table(
  ["instead", ...HEAD, "what is not in it, or more than it needs"],
  [...peers].sort((a, b) => a.brotli - b.brotli).map((peer) => [nameOf(peer), ...sizesOf(peer), peer.note]),
).replace(/---: \|$/m, "--- |")}

<details><summary>Each file of the package</summary>

${table(
  ["file", ...HEAD],
  files.filter(({ name }) => !name.includes("inline")).map((file) => [`\`${file.name}\``, ...sizesOf(file)]),
)}

</details>`;
};
