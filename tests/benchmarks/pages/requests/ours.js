/** The package, in every state in which a request can meet it. */

import { createStepUp } from "/stepup/index.js";

import { answerBy, networks } from "./network.js";
import { HIGH, LOW, challenge, grant, headerOf, settings, withProvider } from "./provider.js";

/**
 * @typedef {{
 *   name: string, call: () => Promise<unknown>, carries?: string | null, proves?: boolean, network?: "stubbed" | "none",
 * }} Contender `carries` is the `Authorization` that its requests must have, `proves` that there is a `DPoP`
 *   header; `network` is the only one that it can be measured over, where it sends at all
 */

/** An instance that has stepped up, because this API demanded it. @param {string} url @param {object} [options] */
const steppedUp = async (url, options = {}) => {
  const dpop = "dpop" in options;
  grant({ dpop });
  const stepup = createStepUp({ ...settings, apis: [location.origin], ...options });
  const enough = `${dpop ? "DPoP" : "Bearer"} ${HIGH}`;
  answerBy(
    withProvider(async (input, init) =>
      headerOf(input, init) === enough ? networks.stubbed(input, init) : challenge()),
  );
  const { status } = await stepup.fetch(url);
  if (status !== 200) throw new Error(`the step-up ended with ${status}`);
  return stepup;
};

/** What `fetch` takes to the same place. @param {string} url */
const forms = (url) => ({ string: url, relative: new URL(url).pathname, URL: new URL(url), Request: new Request(url) });

/** @param {string} url @returns {Contender[]} */
export const native = (url) => {
  const { URL: object, Request: request, relative } = forms(url);
  return [
    { name: "native", call: () => fetch(url), carries: null },
    { name: "native, relative", call: () => fetch(relative), carries: null },
    { name: "native, URL", call: () => fetch(object), carries: null },
    { name: "native, Request", call: () => fetch(request), carries: null },
    {
      name: "native with a token",
      call: () => fetch(url, { headers: { Authorization: `Bearer ${HIGH}` } }),
      carries: `Bearer ${HIGH}`,
    },
  ];
};

/** @param {string} url @returns {Promise<Contender[]>} */
export const ours = async (url) => {
  const elsewhere = createStepUp({ ...settings, apis: ["https://api.example"] });
  const { string, relative, URL: object, Request: request } = forms(url);
  const signedOut = createStepUp({ ...settings, session: undefined, apis: [location.origin] });
  const signedIn = createStepUp({ ...settings, apis: [location.origin] });
  const holding = await steppedUp(url);
  const bound = await steppedUp(url, { dpop: true });
  const wrapped = (/** @type {ReturnType<typeof createStepUp>} */ stepup) => {
    const before = globalThis.fetch;
    stepup.install();
    const wrapper = globalThis.fetch;
    globalThis.fetch = before;
    return wrapper;
  };
  const [passing, attaching] = [wrapped(createStepUp({ ...settings, apis: ["https://api.example"] })), wrapped(await steppedUp(url))];
  const token = `Bearer ${HIGH}`;
  return [
    { name: "stepup, not ours", call: () => elsewhere.fetch(string), carries: null },
    { name: "stepup, not ours, relative", call: () => elsewhere.fetch(relative), carries: null },
    { name: "stepup, not ours, URL", call: () => elsewhere.fetch(object), carries: null },
    { name: "stepup, not ours, Request", call: () => elsewhere.fetch(request), carries: null },
    { name: "stepup installed, not ours", call: () => passing(string), carries: null },
    { name: "stepup, ours, unchallenged, signed out", call: () => signedOut.fetch(string), carries: null },
    { name: "stepup, ours, unchallenged, session's token", call: () => signedIn.fetch(string), carries: `Bearer ${LOW}` },
    { name: "stepup, ours, with a token", call: () => holding.fetch(string), carries: token },
    { name: "stepup, ours, with a token, Request", call: () => holding.fetch(request), carries: token },
    { name: "stepup installed, ours, with a token", call: () => attaching(string), carries: token },
    { name: "stepup, ours, with DPoP", call: () => bound.fetch(string), carries: `DPoP ${HIGH}`, proves: true },
  ];
};

/** What a proof costs at the least, whoever makes it. @returns {Promise<Contender[]>} */
export const cryptography = async () => {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const { privateKey } = await crypto.subtle.generateKey(algorithm, false, ["sign", "verify"]);
  const text = crypto.getRandomValues(new Uint8Array(480));
  const token = new TextEncoder().encode(HIGH);
  return [
    { name: "one signature alone", call: () => crypto.subtle.sign(algorithm, privateKey, text), network: "none" },
    {
      name: "one signature and one digest alone",
      call: async () => {
        await crypto.subtle.digest("SHA-256", token);
        return crypto.subtle.sign(algorithm, privateKey, text);
      },
      network: "none",
    },
  ];
};
