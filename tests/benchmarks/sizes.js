/**
 * What a user would pick instead weighs: each file of `peers/` is what an app would write with one of
 * them, bundled and minified by esbuild, with the versions that `package-lock.json` pins.
 *
 * `node sizes.js` prints a table, `node sizes.js --json` the same as JSON.
 */

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

import { weigh } from "../../xtask/src/weigh.js";

/** @typedef {{ peer: string, packages: string[], note: string }} Peer */

/** @type {Peer[]} */
const PEERS = [
  {
    peer: "oauth4webapi",
    packages: ["oauth4webapi", "@simplewebauthn/browser"],
    note: "No gate, no queue, no tabs, no redirect: what is between the parts is in the entry itself.",
  },
  { peer: "keycloak-js", packages: ["keycloak-js"], note: "Leaves the page; no window, no passkey in the page, no check of signatures." },
  { peer: "oidc-client-ts", packages: ["oidc-client-ts"], note: "No check of signatures, no passkey in the page." },
  { peer: "okta-auth-js", packages: ["@okta/okta-auth-js"], note: "By its entry `core`, without authn, idx and myaccount." },
  { peer: "supertokens-website", packages: ["supertokens-website"], note: "CommonJS for ES5: nothing of it can be left out. The second factor's own UI is another package." },
  { peer: "clerk", packages: ["@clerk/react"], note: "React is not counted, nor `clerk-js` and its UI, which are loaded from Clerk at run time." },
  { peer: "auth0-spa-js", packages: ["@auth0/auth0-spa-js"], note: "One file that is bundled ahead, with its worker inside: nothing of it can be left out." },
  { peer: "msal-browser", packages: ["@azure/msal-browser"], note: "Its application reaches all that it can do: little of it can be left out." },
  { peer: "axios", packages: ["axios"], note: "Sends only: how a stronger token is got is left to the app." },
  { peer: "ky", packages: ["ky"], note: "Sends only: how a stronger token is got is left to the app." },
];

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));

/** @param {string} name */
const versionOf = async (name) => {
  const { version } = JSON.parse(await readFile(here(`node_modules/${name}/package.json`), "utf8"));
  return { name, version };
};

/** @param {Peer} peer */
const weighed = async ({ peer, packages, note }) => {
  const { outputFiles } = await build({
    entryPoints: [here(`peers/${peer}.js`)],
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2022",
    legalComments: "none",
    external: ["react", "react-dom", "react/*", "react-dom/*"],
    define: { "process.env.NODE_ENV": '"production"' },
    logLevel: "error",
  });
  const code = Buffer.concat(outputFiles.map(({ contents }) => contents));
  return {
    peer,
    packages: await Promise.all(packages.map(versionOf)),
    ...weigh(code),
    note,
  };
};

const all = await Promise.all(PEERS.map(weighed));
all.sort((a, b) => a.brotli - b.brotli);

if (process.argv.includes("--json")) {
  console.log(JSON.stringify(all, null, 2));
} else {
  const kilo = (/** @type {number} */ bytes) => (bytes / 1000).toFixed(1);
  console.log("| what | raw kB | gzip kB | brotli kB | |\n| --- | ---: | ---: | ---: | --- |");
  for (const { packages, raw, gzip, brotli, note } of all) {
    const what = packages.map(({ name, version }) => `${name} ${version}`).join(" + ");
    console.log(`| ${what} | ${kilo(raw)} | ${kilo(gzip)} | ${kilo(brotli)} | ${note} |`);
  }
}
