// stepup, in the arrangements that its README has.

import { createStepUp } from "stepup";

const CORE = "/stepup/stepup_bg.wasm";

/** What the transfer is known to need, where the app has a rule for it. */
const TRANSFER = { method: "POST", url: "./transfers", require: { acr: "AL3", maxAge: 60, scope: "transfers:write" } };

/**
 * Waits until the engine's code has come, with all that it imports, which the package itself does not.
 * @returns {Promise<unknown>}
 */
const engine = () =>
  new Promise((resolve) => {
    const observer = new PerformanceObserver((seen) => {
      const script = seen.getEntries().find(({ name }) => /\/engine-\w+\.js$/.test(name));
      if (!script) return;
      observer.disconnect();
      resolve(import(script.name));
    });
    observer.observe({ type: "resource", buffered: true });
  });

/** Nothing is connected to ahead: what the package hints at does not get into the page. */
const ignoreHints = () => {
  const { head } = document;
  const append = head.append.bind(head);
  head.append = (...nodes) =>
    append(...nodes.filter((node) => !(node instanceof HTMLLinkElement && node.rel === "preconnect")));
};

/** @param {string} name */
const readCookie = (name) => new RegExp(`${name}=([\\w-]+)`).exec(document.cookie)?.[1] ?? "";

/** @param {import("./page.js").Given} given @returns {Promise<import("./page.js").App>} */
export async function open({ api, issuer, session, how }) {
  if (how.unhinted) ignoreHints();
  /** @satisfies {Partial<import("stepup").StepUpOptions>} */
  const common = {
    rules: how.rule ? [TRANSFER] : undefined,
    redirectUri: "/stepup/callback.html",
    wasm: { core: how.later ? () => engine().then(() => CORE) : CORE, idToken: "/stepup/id_token_bg.wasm" },
  };
  const direct = {
    ...common,
    apis: [how.carried ? { origin: api, passkeyServer: true } : api],
    issuer,
    clientId: "bank-spa",
    session: () => session,
    passkey: how.window
      ? undefined
      : { options: `${issuer}/passkey/options`, token: `${issuer}/token`, grantType: "urn:bank:passkey" },
  };
  const backend = {
    ...common,
    apis: [{ origin: "/", pathPrefix: "/bff/api" }],
    bff: {
      login: "/bff/login",
      passkey: { options: "/bff/passkey/options", verify: "/bff/passkey/verify" },
      csrf: { header: "X-CSRF-Token", token: () => readCookie("bank-csrf") },
    },
  };
  const stepup = createStepUp(how.backend ? backend : direct);
  if (how.preload) await stepup.preload();
  const base = how.backend ? "/bff/api" : api;
  return {
    prepare: async () => {
      if (how.prepare && !(await stepup.prepare(TRANSFER))) throw new Error("nothing was prepared");
    },
    send: (path, body) =>
      stepup.fetch(base + path, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
      }),
  };
}
