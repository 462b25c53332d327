/** What a page asks its server for, and when: before the first challenge, and after it. */

import assert from "node:assert/strict";
import { createServer } from "node:net";
import { after, before, beforeEach, suite, test } from "node:test";

import { noBrowser } from "./browser.js";
import { packageFolder } from "./project.js";
import { BLANK, serve } from "./site.js";
import { Tabs, codeOf } from "./tab.js";

/** @typedef {import("../../src/js/index.d.ts").StepUp} StepUp */
/** @typedef {typeof globalThis & { su: StepUp, asked?: Promise<Response> }} Page */

// On each test, so that each is counted as skipped.
const options = { skip: noBrowser };

suite("what a page loads", () => {
  /** @type {Awaited<ReturnType<typeof serve>>} */
  let site;
  /** @type {Tabs} */
  let tab;
  /** What has been asked for, in this order. @type {{ path: string, authorization: string | undefined }[]} */
  let asked;
  /** What an answer waits for. @type {(path: string) => Promise<unknown> | undefined} */
  let hold;
  before(async () => {
    if (noBrowser) return;
    site = await serve(
      packageFolder,
      ({ url, headers }) => {
        if (url === "/blank") return BLANK;
        asked.push({ path: url, authorization: headers.authorization });
        return undefined;
      },
      (path) => hold(path),
    );
    tab = await Tabs.start();
  });
  after(async () => {
    await tab?.close();
    site?.close();
  });
  beforeEach(async () => {
    asked = [];
    hold = () => undefined;
    if (noBrowser) return;
    await tab.devtools("Network.clearBrowserCache", {});
    await tab.go(`${site.origin}/blank`);
    site.paths();
  });

  const paths = () => asked.map(({ path }) => path);

  /** Until something has been asked for, or it will not be. @param {string} path */
  const askedFor = async (path) => {
    for (const end = Date.now() + 3000; Date.now() < end; ) {
      if (site.paths().includes(path)) return true;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    return false;
  };

  /**
   * An instance whose API is what is missing below this path of the page's own origin.
   * @param {string} [pathPrefix] @param {Partial<import("../../src/js/index.d.ts").StepUpOptions>} [more]
   */
  const make = (pathPrefix = "/api", more = {}) =>
    tab.run(async (pathPrefix, more) => {
      /** @type {typeof import("../../src/js/index.d.ts")} */
      const { createStepUp } = await import(/** @type {any} */ ("/index.js"));
      const page = /** @type {Page} */ (globalThis);
      page.su = createStepUp({
        apis: [{ origin: location.origin, pathPrefix, detect: () => ({ acr: "AL3" }) }],
        session: () => ({ accessToken: "low" }),
        authenticate: async () => "high",
        ...more,
      });
      await new Promise((resolve) => setTimeout(resolve, 300));
    }, pathPrefix, more);

  /** What becomes of a request that is challenged. */
  const challenged = () =>
    codeOf(tab.run(async () => void (await /** @type {Page} */ (globalThis).su.fetch("/api/none"))));

  test("from the start the loader only, whose core has no more than it imports", options, async () => {
    await make();
    assert.deepEqual(paths().slice(0, 3), ["/index.js", "/name.js", "/error.js"]);
    assert.equal(paths()[3], "/loader.js");
    for (const later of ["/engine.js", "/stepup.js", "/stepup_bg.wasm", "/rules.js", "/passkey.js"]) assert.ok(!paths().includes(later), later);
  });

  test("after a challenge the wasm while the code around it is on its way", options, async () => {
    await make();
    let meanwhile = false;
    hold = (path) => (path === "/engine.js" ? askedFor("/stepup_bg.wasm").then((was) => void (meanwhile = was)) : undefined);
    assert.equal(await challenged(), "loop_detected");
    assert.ok(meanwhile, "it was asked for before there was an answer");
    assert.equal(paths().filter((path) => path === "/stepup_bg.wasm").length, 1, "once is enough");
  });

  test("a second instance of the page does not ask for it again", options, async () => {
    await make();
    await challenged();
    await make();
    await challenged();
    assert.equal(paths().filter((path) => path === "/stepup_bg.wasm").length, 1);
  });

  test("no token goes with it, also where the page's own origin is an API and its fetch is wrapped", options, async () => {
    await make("/");
    await tab.run(() => void (/** @type {Page} */ (globalThis).su.install()));
    await challenged();
    const wasm = asked.filter(({ path }) => path === "/stepup_bg.wasm");
    assert.deepEqual(wasm.map(({ authorization }) => authorization), [undefined]);
    assert.ok(asked.some(({ path, authorization }) => path === "/api/none" && authorization === "Bearer low"));
  });

  /** Who only counts who connects, and answers nobody. */
  const provider = async () => {
    const reached = { count: 0 };
    const server = createServer((socket) => {
      reached.count += 1;
      socket.on("error", () => {}).on("data", () => socket.destroy());
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
    const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
    return { reached, issuer: `http://localhost:${port}`, close: () => server.close() };
  };

  test("the provider is connected to meanwhile, and not before", options, async (context) => {
    const { reached, issuer, close } = await provider();
    context.after(close);
    // JSON has no functions, and null is not one either.
    await make("/api", { issuer, clientId: "app", redirectUri: "/callback.html", methods: ["popup"], gate: false, authenticate: /** @type {any} */ (null) });
    assert.equal(reached.count, 0);
    let meanwhile = 0;
    hold = async (path) => {
      if (path !== "/engine.js") return;
      for (const end = Date.now() + 3000; !reached.count && Date.now() < end; ) await new Promise((resolve) => setTimeout(resolve, 2));
      meanwhile = reached.count;
    };
    await challenged();
    assert.ok(meanwhile > 0, "there was a connection before there was an answer");
    assert.equal(await tab.run(() => document.querySelectorAll("link").length), 0, "the page is left as it was");
  });

  test("with a backend nobody is: it is the page's own, and no provider counts", options, async (context) => {
    const { reached, issuer, close } = await provider();
    context.after(close);
    await make("/api", { issuer, bff: { login: "/login" }, gate: false, promptTimeout: 1, authenticate: /** @type {any} */ (null) });
    await challenged();
    assert.ok(paths().includes("/engine.js"));
    assert.equal(reached.count, 0);
  });

  test("t68 where it breaks off, it is asked for again the next time", options, async () => {
    await make();
    await tab.run(() => {
      const page = /** @type {any} */ (globalThis);
      const { fetch } = page;
      page.fetch = (/** @type {any} */ input, /** @type {any} */ init) => {
        const breaks = `${input}`.endsWith(".wasm") && !page.whole;
        return breaks ? Promise.reject(new TypeError("broken off")) : fetch(input, init);
      };
    });
    assert.equal(await challenged(), "wasm_unavailable");
    await tab.run(() => void (/** @type {any} */ (globalThis).whole = true));
    assert.equal(await challenged(), "loop_detected");
  });
});
