// @ts-check
/** The two tables of the README: what is fetched, and what a step-up asks of the network. */

import { readFileSync, writeFileSync } from "node:fs";
import { most } from "./sizes.js";
import { kB, table } from "./tables.js";

const BEGIN = "<!-- measured: written by `cargo xtask bench` -->";
const END = "<!-- measured: end -->";

/** What is compared by name in the README. */
const PEERS = ["oauth4webapi", "oidc-client-ts", "auth0-spa-js", "msal-browser"];

/** The step-ups that the README shows, and what they are. @type {Record<string, string>} */
const STEP_UPS = {
  "by hand, discovered ahead": "passkey by hand, oauth4webapi + SimpleWebAuthn",
  stepup: "passkey, nothing loaded ahead",
  "stepup, preloaded": "passkey, after `preload()`",
  "stepup, carried, preloaded": "… with options carried in the challenge",
  "stepup, rule, prepared": "… by a rule, after `prepare()`",
  "by hand, window, discovered ahead": "window by hand, oidc-client-ts",
  "stepup, window": "window, nothing loaded ahead",
  "stepup, window, preloaded": "window, after `preload()`",
  "stepup, window, rule, preloaded": "… by a rule",
};

/** @param {string} file @param {{ sizes: import("./sizes.js").Package, peers: import("./sizes.js").Peer[], stepUps: any }} measured */
export const readme = (file, { sizes, peers, stepUps }) => {
  const text = readFileSync(file, "utf8");
  const [before, after] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (before < 0 || after < before) throw new Error(`${file} has no place for what was measured`);
  const { start, popup, backend } = most(sizes);
  const all = (/** @type {number} */ brotli) => kB(brotli - start.brotli);
  const rows = [
    ["**stepup**, passkey at the app's backend", kB(start.brotli), all(backend.brotli)],
    ["**stepup**, popup with OpenID Connect", kB(start.brotli), all(popup.brotli)],
    ...peers.filter(({ peer }) => PEERS.some((name) => peer.includes(name))).map(({ packages, brotli }) => [packages.map(({ name }) => name).join(" + "), kB(brotli), "–"]),
  ];
  const contenders = stepUps.chromium?.contenders ?? {};
  const trips = Object.entries(STEP_UPS).map(([name, what]) => [
    name.startsWith("stepup") ? `**stepup**, ${what}` : what,
    ...[contenders[name]?.cold, contenders[name]?.warm].flatMap((turn) => [turn?.requests ?? "–", turn?.roundTrips.toFixed(1) ?? "–"]),
  ]);
  const tables = [
    table(["kB, brotli", "on the page's critical path", "later"], rows),
    table(["one step-up, in Chromium", "requests, the first", "round trips", "requests, later ones", "round trips"], trips),
  ];
  writeFileSync(file, `${text.slice(0, before)}${BEGIN}\n${tables.join("\n\n")}\n${text.slice(after)}`);
};
